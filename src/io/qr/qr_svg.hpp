// QR pictures (libqrencode), as SVG. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::qr {

// Black on white with the quiet zone of four modules. invalid_argument: empty, or longer than a QR code holds.
Result<std::string> qr_svg(std::string_view text);

}  // namespace upcall::qr
