// upcall-original-way footage DIRECTORY SECONDS [FILE FILE]
// upcall-original-way look FILM DIRECTORY FROM-SECONDS TO-SECONDS     one line of JSON
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/json.hpp>

#include "original_way.hpp"

int main(int argc, char** argv) {
  using namespace upcall;
  const std::string command = argc > 1 ? argv[1] : "";
  Error error{ErrorCode::invalid_argument, "footage DIRECTORY SECONDS [FILE FILE] | look FILM DIRECTORY FROM TO"};
  if (command == "footage" && (argc == 4 || argc == 6)) {
    auto made = bench::make_footage(argv[2], std::atoi(argv[3]), {argv + 4, argv + argc});
    if (made) return 0;
    error = made.error();
  } else if (command == "look" && argc == 6) {
    auto look = bench::look_at_film(argv[2], argv[3], std::atof(argv[4]), std::atof(argv[5]));
    if (look) {
      std::printf("%s\n", boost::json::serialize(boost::json::object{{"seconds", look->seconds},
                                                                     {"pictures", look->pictures},
                                                                     {"unique", {look->unique[0], look->unique[1]}},
                                                                     {"ssim", look->ssim},
                                                                     {"compared", look->compared}})
                              .c_str());
      return 0;
    }
    error = look.error();
  }
  std::fprintf(stderr, "upcall-original-way: %s\n", error.message.c_str());
  return 1;
}
