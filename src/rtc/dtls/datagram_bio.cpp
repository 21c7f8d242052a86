#include "rtc/dtls/datagram_bio.hpp"

#include <algorithm>
#include <cstring>

#include "rtc/dtls/record_filter.hpp"

namespace upcall::dtls {

namespace {

DatagramEnds* ends_of(BIO* bio) { return static_cast<DatagramEnds*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* out, int size) {
  DatagramEnds* const ends = ends_of(bio);
  BIO_clear_retry_flags(bio);
  if (ends->input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t n = std::min(ends->input.size(), static_cast<std::size_t>(size));
  std::memcpy(out, ends->input.data(), n);
  if (ends->number && n >= kRecordHeaderSize) {
    for (std::size_t i = 0; i < 6; ++i) out[5 + i] = static_cast<char>(*ends->number >> (40 - 8 * i));
  }
  ends->input = {};  // what did not fit is lost, as with a socket
  return static_cast<int>(n);
}

int bio_write(BIO* bio, const char* data, int size) {
  DatagramEnds* const ends = ends_of(bio);
  BIO_clear_retry_flags(bio);
  const Bytes datagram{reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
  // Always "sent": what is lost here DTLS repeats, like everything lost on the way.
  if (ends->output == nullptr || !ends->output->push(datagram)) ++ends->lost_output;
  return size;
}

long bio_ctrl(BIO*, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return static_cast<long>(kMtu);
    default:  // everything else about datagrams (timeouts, peers, overhead) has no meaning here
      return 0;
  }
}

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "upcall datagram");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_ctrl);
  BIO_meth_set_create(method, bio_create);
  return method;
}

}  // namespace

BIO* make_datagram_bio(DatagramEnds* ends) {
  static BIO_METHOD* const method = make_method();  // for the life of the process
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio != nullptr) BIO_set_data(bio, ends);
  return bio;
}

}  // namespace upcall::dtls
