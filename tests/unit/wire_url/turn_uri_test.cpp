#include "wire/turn_uri.hpp"

#include <gtest/gtest.h>

namespace upcall::wire {
namespace {

TEST(TurnUri, TakesWhatBrowsersTake) {
  for (const char* good : {"turn:turn.example.com", "turn:192.0.2.1:3478", "turn:192.0.2.1:3478?transport=udp", "turn:[2001:db8::1]:3478?transport=tcp",
                           "turns:turn.example.com:443?transport=tcp", "turns:[::1]"}) {
    EXPECT_TRUE(is_turn_uri(good)) << good;
  }
}

TEST(TurnUri, RefusesWhatWouldMakeTheBrowserThrow) {
  for (const char* bad : {"", "turn:", "turn://turn.example.com", "stun:turn.example.com", "http://turn.example.com", "turn:a b", "turn:host:", "turn:host:0",
                          "turn:host:65536", "turn:host:3478:1", "turn:host?", "turn:host?transport=", "turn:host?transport=tls", "turn:host?transport=udp&x=1",
                          "turn:user@host", "turn:[::1", "turn:[]:3478", "turn:]", "turn:2001:db8::1", "turn:h\n", "turn:h,turn:i"}) {
    EXPECT_FALSE(is_turn_uri(bad)) << bad;
  }
}

}  // namespace
}  // namespace upcall::wire
