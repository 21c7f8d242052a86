// A composer without codecs, in a process of its own as the real one: follows the journal to its end and makes a film of
// one line, "<records> records, stop reason <n>". A title that begins with "held" waits for the file "released" in the
// spool; "twice" makes the first attempt fail; "broken" fails always.
#pragma once

namespace upcall::test {

// The child's whole life; what main() returns.
int run_fake_composer(int control_fd);

}  // namespace upcall::test
