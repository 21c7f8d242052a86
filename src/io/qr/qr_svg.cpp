#include "io/qr/qr_svg.hpp"

#include <memory>

#include <qrencode.h>

namespace upcall::qr {

Result<std::string> qr_svg(std::string_view text) {
  const std::string copy(text);
  if (copy.empty() || copy.find('\0') != std::string::npos) return fail(ErrorCode::invalid_argument, "this text makes no QR code");
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(QRcode_encodeString8bit(copy.c_str(), 0, QR_ECLEVEL_M), &QRcode_free);
  if (!code) return fail(ErrorCode::invalid_argument, "this text makes no QR code");
  constexpr int kQuiet = 4;
  const int size = code->width + 2 * kQuiet;
  std::string path;
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      if ((code->data[y * code->width + x] & 1) == 0) continue;
      path += "M" + std::to_string(x + kQuiet) + " " + std::to_string(y + kQuiet) + "h1v1h-1z";
    }
  }
  const std::string n = std::to_string(size);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + n + " " + n + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + n + "v" + n +
         "H0z\"/><path d=\"" + path + "\"/></svg>";
}

}  // namespace upcall::qr
