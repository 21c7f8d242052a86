// A BIO that keeps datagram boundaries: reading gives the one datagram that is being handled, writing fills the outbox.
// OpenSSL 3.0's memory BIO is a byte stream and would glue datagrams together.
#pragma once

#include <optional>

#include <openssl/bio.h>

#include "rtc/dtls/outbox.hpp"

namespace upcall::dtls {

// Lives in the transport's Impl, which outlives the BIO; pointers are set for the length of one call.
struct DatagramEnds {
  Bytes input;
  // The number that its record is read with, in place of its own (RFC 6347 §4.1); 48 bits.
  std::optional<std::uint64_t> number;
  DtlsOutbox* output = nullptr;
  std::uint64_t lost_output = 0;
};

// A new BIO on `ends`; null when out of memory. SSL_set_bio takes it over.
BIO* make_datagram_bio(DatagramEnds* ends);

}  // namespace upcall::dtls
