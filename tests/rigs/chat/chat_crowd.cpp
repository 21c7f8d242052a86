#include "chat_crowd.hpp"

#include <poll.h>

#include <algorithm>
#include <future>
#include <unordered_map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "base/rng.hpp"
#include "json/json.hpp"

namespace upcall::chat_rig {

namespace bj = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr int kStartingMax = 32, kReadingMax = 16;
constexpr std::chrono::milliseconds kAgain = 100ms;   // between attempts

// Loopback addresses: the first 16 bits beside 127.0 are free.
asio::ip::address_v4 source(int block, int index) {
  return asio::ip::address_v4({127, static_cast<unsigned char>(block), static_cast<unsigned char>(index / 250), static_cast<unsigned char>(1 + index % 250)});
}

double ms_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - then).count();
}

// Not written out where a coroutine awaits: g++ 12 fails on lists of initialisers there.
Headers bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }
Headers participant(const std::string& token) { return {{"x-amz-bearer", token}}; }

std::string start_body(const std::string& flow_id, int index) {
  return bj::serialize(bj::object{{"ContactFlowId", flow_id},
                                  {"ParticipantDetails", {{"DisplayName", "Customer " + std::to_string(index)}}},
                                  {"Attributes", {{"customerEmailAddress", "customer" + std::to_string(index) + "@example.net"}}}});
}

std::string customers_words(const std::string& text) { return bj::serialize(bj::object{{"ContentType", "text/plain"}, {"Content", text}, {"ClientToken", text}}); }
std::string agents_words(const std::string& text) { return bj::serialize(bj::object{{"content", text}, {"contentType", "text/plain"}, {"clientToken", text}}); }

std::string transcript_page(const std::string& next) {
  bj::object body{{"MaxResults", 100}, {"SortOrder", "ASCENDING"}, {"ScanDirection", "FORWARD"}};
  if (!next.empty()) body["NextToken"] = next;
  return bj::serialize(body);
}

bool agent_joined(const bj::object& item) { return json::text_or(item, "ContentType").ends_with("participant.joined") && json::text_or(item, "ParticipantRole") == "AGENT"; }

// The path and query of a WebSocket's address.
std::string target_of(std::string_view url) {
  const std::size_t host = url.find("//");
  const std::size_t path = host == std::string_view::npos ? host : url.find('/', host + 2);
  return path == std::string_view::npos ? std::string() : std::string(url.substr(path));
}

}  // namespace

struct ChatCrowd::Chat {
  Chat(asio::io_context& io, const tcp::endpoint& server, int number, std::uint64_t seed)
      : index(number), random(seed), customer(io, {server, source(10, number)}), entry(io, {server, source(10, number)}), desk(io, {server, source(20, number)}), socket(io, {server, source(10, number)}) {}
  const int index;
  SeededRandom random;
  // A lane has one request at a time: the customer's messages, what opens sockets and reads, the agent's messages.
  HttpLane customer, entry, desk;
  SocketLane socket;
  std::string contact, participant_token, connection_token, socket_target;
  Agent* agent = nullptr;
  std::uint32_t next[2] = {1, 1};
  std::unordered_map<std::uint64_t, Clock::time_point> on_their_way;   // by side and number
  Ledger ledger;
};

struct ChatCrowd::Agent {
  Agent(asio::io_context& io, const tcp::endpoint& server, int index, std::string access)
      : token(std::move(access)), lane(io, {server, source(30, index)}), socket(io, {server, source(30, index)}) {}
  const std::string token;
  HttpLane lane;
  SocketLane socket;
};

ChatCrowd::ChatCrowd(CrowdOptions options) : options_(std::move(options)), server_(asio::ip::make_address(options_.host), options_.port) {
  for (std::size_t i = 0; i < options_.agent_tokens.size(); ++i) {
    agents_.push_back(std::make_unique<Agent>(io_, server_, static_cast<int>(i), options_.agent_tokens[i]));
  }
  for (int i = 0; i < options_.chats; ++i) chats_.push_back(std::make_unique<Chat>(io_, server_, i, options_.seed * 1'000'003 + static_cast<std::uint64_t>(i)));
}

ChatCrowd::~ChatCrowd() {
  over_ = true;
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

bool ChatCrowd::until(std::chrono::seconds within, const std::function<bool()>& done) const {
  const auto deadline = Clock::now() + within;
  while (!done()) {
    if (Clock::now() > deadline) return false;
    ::poll(nullptr, 0, 10);   // the time of the condition's checks
  }
  return true;
}

std::string ChatCrowd::why() const {
  return std::to_string(started_) + " chats started, " + std::to_string(open_) + " with an agent, " + std::to_string(talking_) + " talking";
}

bool ChatCrowd::open(std::chrono::seconds within) {
  for (auto& agent : agents_) asio::co_spawn(io_, live_as_agent(*agent), asio::detached);
  for (auto& chat : chats_) asio::co_spawn(io_, live_as_customer(*chat), asio::detached);
  thread_ = std::thread([this] {
    auto work = asio::make_work_guard(io_);
    io_.run();
  });
  return until(within, [this] { return open_ == options_.chats; });
}

void ChatCrowd::begin_sending() {
  sending_ = true;
  talking_ = options_.chats;
  began_ = Clock::now();
  asio::post(io_, [this] {
    for (auto& chat : chats_) asio::co_spawn(io_, talk(*chat), asio::detached);
  });
}

bool ChatCrowd::end_sending(std::chrono::seconds within) {
  sending_ = false;
  report_.seconds = ms_since(began_) / 1000;
  if (!until(within, [this] { return talking_ == 0; })) return false;
  // The last ones are on their way to sockets still; where sockets broke, not all of them.
  const auto on_their_way = [this] {
    std::promise<std::size_t> count;
    asio::post(io_, [&] {
      std::size_t n = 0;
      for (auto& chat : chats_) n += chat->on_their_way.size();
      count.set_value(n);
    });
    return count.get_future().get();
  };
  static_cast<void>(until(2s, [&] { return on_their_way() == 0; }));
  return true;
}

CrowdReport ChatCrowd::judge(bool whole) {
  asio::co_spawn(io_, read_transcripts(), asio::detached);
  if (!until(600s, [this] { return read_.load(); })) report_.faults.push_back("transcripts could not be read");
  over_ = true;
  io_.stop();
  thread_.join();
  for (const auto& chat : chats_) {
    report_.sent += chat->ledger.sent.size();
    report_.acknowledged += chat->ledger.acknowledged.size();
    for (const std::string& fault : faults(chat->ledger, whole)) report_.faults.push_back("chat " + std::to_string(chat->index) + ": " + fault);
  }
  return std::move(report_);
}

asio::awaitable<void> ChatCrowd::live_as_agent(Agent& agent) {
  bool available = false;
  std::string text;
  while (!over_) {
    if (!co_await agent.socket.open("/api/agent/events", "upcall.events, bearer." + agent.token)) {
      co_await wait_for(kAgain);
      continue;
    }
    while (!available && !over_) {
      const Answer set = co_await agent.lane.call("PUT", "/api/agent/status", bearer(agent.token), R"({"status":"available"})");
      available = set.status == 200;
      if (!available) co_await wait_for(kAgain);
    }
    while (co_await agent.socket.read(text)) co_await take(agent, text);
  }
}

asio::awaitable<void> ChatCrowd::take(Agent& agent, std::string_view event) {
  const auto parsed = json::parse_object(event);
  if (!parsed) co_return;
  const std::string type = json::text_or(*parsed, "type");
  if (type == "snapshot") {
    if (const bj::array* contacts = json::array_at(*parsed, "contacts")) {
      for (const bj::value& one : *contacts) {
        if (!one.is_object() || json::text_or(one.get_object(), "state") != "connecting") continue;
        co_await accept(agent, json::text_or(one.get_object(), "contactId"));
      }
    }
  } else if (type == "contact" && json::text_or(*parsed, "state") == "connecting") {
    co_await accept(agent, json::text_or(*parsed, "contactId"));
  } else if (type == "item") {
    const bj::object* item = json::object_at(*parsed, "item");
    const auto chat = by_contact_.find(json::text_or(*parsed, "contactId"));
    if (item != nullptr && chat != by_contact_.end() && json::text_or(*item, "Type") == "MESSAGE") got(*chat->second, Side::agent, json::text_or(*item, "Content"));
  }
}

asio::awaitable<void> ChatCrowd::accept(Agent& agent, std::string contact) {
  accepted_by_[contact] = &agent;
  co_await agent.lane.call("POST", "/api/agent/contacts/" + contact + "/accept", bearer(agent.token), "{}");
}

asio::awaitable<bool> ChatCrowd::start_chat(Chat& chat) {
  const Answer answer = co_await chat.entry.call("POST", "/api/chat/start", Headers(), start_body(options_.flow_id, chat.index));
  if (answer.status != 200) co_return false;
  const auto parsed = json::parse_object(answer.body);
  const bj::object* data = parsed ? json::object_at(*parsed, "data") : nullptr;
  const bj::object* result = data != nullptr ? json::object_at(*data, "startChatResult") : nullptr;
  if (result == nullptr) co_return false;
  chat.contact = json::text_or(*result, "ContactId");
  chat.participant_token = json::text_or(*result, "ParticipantToken");
  by_contact_.emplace(chat.contact, &chat);
  ++started_;
  co_return true;
}

asio::awaitable<bool> ChatCrowd::connect(Chat& chat) {
  const Answer answer = co_await chat.entry.call("POST", "/aws/participant/participant/connection", participant(chat.participant_token),
                                                    R"({"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]})");
  if (answer.status != 200) co_return false;
  const auto parsed = json::parse_object(answer.body);
  const bj::object* socket = parsed ? json::object_at(*parsed, "Websocket") : nullptr;
  const bj::object* credentials = parsed ? json::object_at(*parsed, "ConnectionCredentials") : nullptr;
  if (socket == nullptr || credentials == nullptr) co_return false;
  chat.connection_token = json::text_or(*credentials, "ConnectionToken");
  if (!co_await chat.socket.open(target_of(json::text_or(*socket, "Url")), "")) co_return false;
  if (!co_await chat.socket.send(R"({"topic":"aws/subscribe","content":{"topics":["aws/chat"]}})")) co_return false;
  // From its answer on nothing is missed; what was before is in the transcript.
  std::string text;
  co_return co_await chat.socket.read(text) && text.find("aws/subscribe") != std::string::npos;
}

asio::awaitable<void> ChatCrowd::live_as_customer(Chat& chat) {
  while (starting_ >= kStartingMax && !over_) co_await wait_for(20ms);
  ++starting_;
  while (!over_ && !co_await start_chat(chat)) co_await wait_for(kAgain);
  std::string text;
  while (!over_) {
    // Sockets replay nothing: the transcript tells what was before. The agent may have been quicker than the socket.
    if (!co_await connect(chat) || (!chat.agent && !co_await read_transcript(chat))) {
      co_await wait_for(kAgain);
      continue;
    }
    while (co_await chat.socket.read(text)) {
      const auto frame = json::parse_object(text);
      if (!frame || json::text_or(*frame, "topic") != "aws/chat") continue;
      const auto item = json::parse_object(json::text_or(*frame, "content"));
      if (!item) continue;
      if (json::text_or(*item, "Type") == "MESSAGE") got(chat, Side::customer, json::text_or(*item, "Content"));
      if (!chat.agent && agent_joined(*item)) has_agent(chat);
    }
  }
}

void ChatCrowd::has_agent(Chat& chat) {
  chat.agent = accepted_by_.at(chat.contact);
  --starting_;
  ++open_;
}

void ChatCrowd::got(Chat& chat, Side by, std::string_view content) {
  const auto name = message_name(content);
  if (!name) return;  // the flow's own words
  (by == Side::customer ? chat.ledger.got_by_customer : chat.ledger.got_by_agent).push_back(*name);
  if (name->side == by) return;
  const auto sent = chat.on_their_way.find(std::uint64_t{name->number} * 2 + static_cast<std::uint64_t>(name->side));
  if (sent == chat.on_their_way.end()) return;
  report_.delivery_ms.push_back(ms_since(sent->second));
  chat.on_their_way.erase(sent);
}

asio::awaitable<void> ChatCrowd::say(Chat& chat, Side side) {
  const MessageName name{side, chat.next[static_cast<int>(side)]++};
  const std::string text = to_text(name);
  chat.ledger.sent.push_back(name);
  const auto began = Clock::now();
  chat.on_their_way[std::uint64_t{name.number} * 2 + static_cast<std::uint64_t>(side)] = began;
  for (bool first = true; !over_; first = false) {
    if (!first) ++report_.repeated;
    Answer answer;
    if (side == Side::customer) {
      answer = co_await chat.customer.call("POST", "/aws/participant/participant/message", participant(chat.connection_token),
                                           customers_words(text));
    } else {
      answer = co_await chat.desk.call("POST", "/api/agent/contacts/" + chat.contact + "/items", bearer(chat.agent->token),
                                       agents_words(text));
    }
    if (answer.status == 200) break;
    if (answer.status == 429 || answer.status == 503) ++report_.busy;
    else if (answer.status != 0) report_.faults.push_back("chat " + std::to_string(chat.index) + ": " + text + " was answered with " + std::to_string(answer.status));
    co_await wait_for(kAgain);
  }
  if (over_) co_return;
  report_.acknowledge_ms.push_back(ms_since(began));
  chat.ledger.acknowledged.push_back(name);
  ++acknowledged_;
}

asio::awaitable<void> ChatCrowd::talk(Chat& chat) {
  const auto interval = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.chats / options_.messages_per_second));
  auto due = began_ + interval * static_cast<int>(chat.random.below(1000)) / 1000;
  while (sending_ && !over_) {
    const auto now = Clock::now();
    if (due > now) {
      co_await wait_for(std::min(std::chrono::duration_cast<std::chrono::milliseconds>(due - now) + 1ms, std::chrono::milliseconds(500)));
      continue;
    }
    due += interval;
    co_await say(chat, chat.random.below(2) == 0 ? Side::customer : Side::agent);
  }
  --talking_;
}

asio::awaitable<bool> ChatCrowd::read_transcript(Chat& chat) {
  chat.ledger.kept.clear();
  std::string next;
  do {
    const Answer answer = co_await chat.entry.call("POST", "/aws/participant/participant/transcript", participant(chat.connection_token), transcript_page(next));
    const auto parsed = answer.status == 200 ? json::parse_object(answer.body, 4 << 20) : fail(ParseError::malformed);
    const bj::array* items = parsed ? json::array_at(*parsed, "Transcript") : nullptr;
    if (items == nullptr) co_return false;
    for (const bj::value& item : *items) {
      if (!item.is_object()) continue;
      if (!chat.agent && agent_joined(item.get_object())) has_agent(chat);
      if (json::text_or(item.get_object(), "Type") != "MESSAGE") continue;
      if (const auto name = message_name(json::text_or(item.get_object(), "Content"))) chat.ledger.kept.push_back(*name);
    }
    next = json::text_or(*parsed, "NextToken");
  } while (!next.empty());
  co_return true;
}

asio::awaitable<void> ChatCrowd::read_transcripts() {
  auto next = std::make_shared<std::size_t>(0);
  auto readers = std::make_shared<int>(kReadingMax);
  for (int i = 0; i < kReadingMax; ++i) {
    asio::co_spawn(io_, [](ChatCrowd& crowd, std::shared_ptr<std::size_t> at, std::shared_ptr<int> left) -> asio::awaitable<void> {
      while (*at < crowd.chats_.size()) {
        Chat& chat = *crowd.chats_[(*at)++];
        while (!crowd.over_ && !co_await crowd.read_transcript(chat)) co_await wait_for(kAgain);
      }
      if (--*left == 0) crowd.read_ = true;
    }(*this, next, readers), asio::detached);
  }
  co_return;
}

}  // namespace upcall::chat_rig
