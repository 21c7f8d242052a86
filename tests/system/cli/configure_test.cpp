// `upcall configure` and `sync-config` as a person runs them: the program itself, with a server and without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/net/http_client.hpp"
#include "io/process/child_process.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kProgram = UPCALL_BIN_DIR "/upcall";

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ConfigureCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "upcall-configure-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    data_ = (directory_ / "data").string();
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(directory_);
  }

  // Exit status; what it printed is in out_ and err_.
  int run(std::vector<std::string> arguments, const std::string& input = "") {
    std::ofstream(directory_ / "in") << input;
    const int in = ::open((directory_ / "in").c_str(), O_RDONLY);
    const int out = ::open((directory_ / "out").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    const int err = ::open((directory_ / "err").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    process::ChildOptions options;
    options.program = kProgram;
    options.arguments = std::move(arguments);
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    options.descriptors = {{in, 0}, {out, 1}, {err, 2}};
    auto child = host_.spawn(std::move(options));
    EXPECT_TRUE(child);
    const auto exit = child ? (*child)->wait(Duration::s(60)) : std::nullopt;
    for (const int fd : {in, out, err}) ::close(fd);
    out_ = text_of(directory_ / "out");
    err_ = text_of(directory_ / "err");
    return exit ? exit->code : -1;
  }
  int configure(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"configure", "--data-dir", data_});
    return run(std::move(arguments), input);
  }
  std::string value(const std::string& name) {
    EXPECT_EQ(configure({"-l", "--json"}), 0) << err_;
    const auto all = json::parse_object(out_);
    EXPECT_TRUE(all) << out_;
    return all ? json::text_or(*all, name, "(none)") : "";
  }
  std::string all() {
    EXPECT_EQ(configure({"-l", "--json"}), 0) << err_;
    return out_;
  }

  // The address at which it is ready.
  std::string serve() {
    const int out = ::open((directory_ / "server.out").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    process::ChildOptions options;
    options.program = kProgram;
    options.arguments = {"serve", "--data-dir", data_, "--listen", "127.0.0.1:0", "--media-port", "0", "--log-file", (directory_ / "server.log").string()};
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    options.descriptors = {{out, 1}};
    auto child = host_.spawn(std::move(options));
    EXPECT_TRUE(child);
    if (child) server_ = std::move(*child);
    std::string line;
    for (int i = 0; i < 300 && line.find('\n') == std::string::npos; ++i) {
      if (server_ && server_->wait(Duration::ms(100))) break;
      line = text_of(directory_ / "server.out");
    }
    ::close(out);
    EXPECT_TRUE(line.starts_with("ready ")) << line;
    return line.size() < 6 ? "" : line.substr(6, line.find('\n') - 6);
  }
  std::string frontend_config(const std::string& url) {
    net::HttpClient http;
    const auto answer = http.get(url + "/frontend-config.js");
    return answer ? answer->body : "";
  }

  fs::path directory_;
  std::string data_, out_, err_;
  process::ChildHost host_;
  std::unique_ptr<process::ChildProcess> server_;
};

// acceptance: 67
TEST_F(ConfigureCommand, SetsWhatIsGivenAndKeepsTheRest) {
  ASSERT_EQ(configure({"--recording-attendee-name=a=b=c", "--max-capacity=9", "--recording-pause-allowed"}), 0) << err_;
  ASSERT_EQ(configure({"--min-capacity", "2"}), 0) << err_;
  EXPECT_EQ(value("recordingAttendeeName"), "a=b=c");
  EXPECT_EQ(value("maxCapacity"), "9");
  EXPECT_EQ(value("recordingPauseAllowed"), "true") << "a boolean that stands alone is true";
  EXPECT_EQ(value("cognitoDomainPrefix"), "not-defined");
  EXPECT_TRUE(value("connectInstanceARN").starts_with("arn:aws:connect:local:")) << "required ones have a value from the instance";
  ASSERT_EQ(configure({"--cognito-saml-identity-provider-url=https://idp.example/metadata?a=b&c=d==", "--cdk-pipeline-stage-name=Prod"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("cdkPipelineStageName is kept, and counts when cdkPipelineEnabled is true"));
  EXPECT_EQ(value("cognitoSAMLIdentityProviderURL"), "https://idp.example/metadata?a=b&c=d==");
  EXPECT_EQ(value("cdkPipelineStageName"), "Prod");
  ASSERT_EQ(configure({"--deploy-recording-stack=FALSE"}), 0);
  EXPECT_EQ(value("deployRecordingStack"), "false");
  EXPECT_EQ(value("recordingAttendeeName"), "a=b=c") << "children keep their values";
  ASSERT_EQ(configure({"--max-capacity="}), 0);
  EXPECT_EQ(value("maxCapacity"), "5");
}

TEST_F(ConfigureCommand, WhatIsWrongChangesNothing) {
  const std::string before = all();
  EXPECT_EQ(configure({"--max-capacity=9", "--recoding-attendee-name=x"}), 2);
  EXPECT_THAT(err_, HasSubstr("Did you mean --recording-attendee-name?"));
  EXPECT_EQ(configure({"max-capacity=9"}), 2);
  EXPECT_EQ(configure({"--max-capacity=9", "--max-capacity=8"}), 2);
  EXPECT_EQ(configure({"--max-capacity=9", "--mail-from=x@y.example", "--deploy-recording-stack=yes"}), 1);
  EXPECT_THAT(err_, HasSubstr("deployRecordingStack must be true or false."));
  EXPECT_EQ(configure({"--max-capacity=9", "--min-capacity=10"}), 1);
  EXPECT_THAT(err_, HasSubstr("minCapacity must not be above maxCapacity"));
  EXPECT_EQ(configure({"--max-capacity=9", "--cdk-pipeline-enabled=true"}), 1);
  EXPECT_THAT(err_, HasSubstr("--cdk-pipeline-repository-name"));
  EXPECT_EQ(configure({"--max-capacity=9", "--connect-default-contact-flow-id=11111111-2222-4333-8444-555555555555"}), 1);
  EXPECT_THAT(err_, HasSubstr("upcall flow list"));
  EXPECT_EQ(configure({"--max-capacity=9", "--recording-playback-security-profile-id=11111111-2222-4333-8444-555555555555"}), 1);
  EXPECT_EQ(configure({"--max-capacity=9", "--file", "/nowhere"}), 1);
  EXPECT_EQ(configure({"--file", "-"}, R"({"maxCapacity": 9, "minCapacitty": 1})"), 1);
  EXPECT_THAT(err_, HasSubstr("Did you mean minCapacity?"));
  EXPECT_EQ(configure({"-v", "--max-capacity=0"}), 1);
  EXPECT_THAT(err_, HasSubstr("\"code\""));
  EXPECT_EQ(all(), before);
  EXPECT_EQ(configure({"--history", "--json"}), 0);
  EXPECT_EQ(out_, "[]\n");
}

TEST_F(ConfigureCommand, FlagsWinOverTheFileAndTheFileOverWhatIsStored) {
  ASSERT_EQ(configure({"--max-capacity=7", "--min-capacity=2", "--mail-from=a@b.example"}), 0);
  const std::string file = (directory_ / "config.cache.json").string();
  std::ofstream(file) << R"({"/VideoCallEscalation/recordingAttendeeName": "Bot", "/VideoCallEscalation/cognitoSAMLEnabled": false, "/VideoCallEscalation/websiteAdHocRouteBaseURL": "not-defined", "maxCapacity": 8, "minCapacity": 3})";
  ASSERT_EQ(configure({"--file", file, "--max-capacity=9", "--diff"}), 0) << err_;
  EXPECT_EQ(out_, "recordingAttendeeName: RECORDING → Bot\nminCapacity: 2 → 3\nmaxCapacity: 7 → 9\n");
  EXPECT_EQ(value("maxCapacity"), "7") << "--diff stores nothing";
  ASSERT_EQ(configure({"--file", file, "--max-capacity=9"}), 0) << err_;
  EXPECT_EQ(value("maxCapacity"), "9");
  EXPECT_EQ(value("minCapacity"), "3");
  EXPECT_EQ(value("recordingAttendeeName"), "Bot");
  EXPECT_EQ(value("mailFrom"), "a@b.example");
}

// acceptance: 68
TEST_F(ConfigureCommand, HelpTestModeHistoryAndDeletion) {
  ASSERT_EQ(configure({"--help"}), 0);
  for (const char* text : {"--connect-instance-arn", "--recording-presigned-url-expires-minutes", "counts when --deploy-recording-stack=true", "Examples:"}) EXPECT_THAT(out_, HasSubstr(text));

  const std::string cache = (directory_ / "config.cache.json").string();
  ASSERT_EQ(configure({"-t", "--cache", cache, "--max-capacity=9", "--smtp-password=-"}, "pass-word-1\n"), 0) << err_;
  struct stat info {};
  ASSERT_EQ(::stat(cache.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(text_of(cache), HasSubstr("\t\"/VideoCallEscalation/maxCapacity\": \"9\","));
  EXPECT_EQ(text_of(cache).find("pass-word-1"), std::string::npos);
  EXPECT_EQ(value("maxCapacity"), "5") << "test mode stores nothing";

  ASSERT_EQ(configure({"--max-capacity=9", "--smtp-password=-"}, "pass-word-1\n"), 0) << err_;
  ASSERT_EQ(configure({"--max-capacity=8"}), 0);
  ASSERT_EQ(configure({"--history", "max-capacity", "--json"}), 0) << err_;
  const auto history = json::parse(out_);
  ASSERT_TRUE(history && history->is_array());
  ASSERT_EQ(history->get_array().size(), 2u);
  const bj::object& newest = history->get_array()[0].get_object();
  EXPECT_EQ(json::text_or(newest, "from") + ">" + json::text_or(newest, "to"), "9>8");
  EXPECT_TRUE(json::text_or(newest, "by").starts_with("cli:"));
  ASSERT_EQ(configure({"--history"}), 0);
  EXPECT_THAT(out_, HasSubstr("smtpPassword: (a secret)"));
  ASSERT_EQ(configure({"--smtp-password=pass-word-2", "--diff"}), 0);
  EXPECT_EQ(out_, "smtpPassword: (set) → (changed)\n");

  // Nobody is there to be asked.
  EXPECT_EQ(configure({"-d"}, "yes\n"), 1);
  EXPECT_THAT(err_, HasSubstr("--yes"));
  EXPECT_EQ(value("maxCapacity"), "8");
  const std::string flow = value("connectDefaultContactFlowId");
  ASSERT_EQ(configure({"-d", "--yes"}), 0) << err_;
  EXPECT_EQ(value("maxCapacity"), "5");
  EXPECT_EQ(value("smtpPassword"), "");
  EXPECT_EQ(value("connectDefaultContactFlowId"), flow) << "the instance goes on";
  ASSERT_EQ(configure({"--history", "max-capacity"}), 0);
  EXPECT_THAT(out_, HasSubstr("maxCapacity: 8 → 5  (deleted)"));
  ASSERT_EQ(run({"audit", "list", "--data-dir", data_, "--json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("parameters.deleted"));
  EXPECT_EQ(out_.find("pass-word"), std::string::npos);
}

TEST_F(ConfigureCommand, SecretsLieSealedAndAreToldNowhere) {
  const std::string secret = "s3cret-that-is-long-enough-0123456789";
  ASSERT_EQ(configure({"--smtp-password=-", "--federation-client-secret=" + secret + "-too"}, secret + "\n"), 0) << err_;
  std::string told = out_ + err_;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-l", "--json"}, {"--history", "--json"}, {"--diff", "--json", "--smtp-password=" + secret + "x"}, {"--outputs"}}) {
    ASSERT_EQ(configure(arguments), 0) << err_;
    told += out_ + err_;
  }
  ASSERT_EQ(run({"audit", "list", "--data-dir", data_, "--json"}), 0);
  told += out_;
  EXPECT_EQ(told.find(secret), std::string::npos);
  EXPECT_THAT(told, HasSubstr("(set)"));
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(data_)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(text_of(entry.path()).find(secret), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 0u);
}

// acceptance: 69, 70
TEST_F(ConfigureCommand, ARunningServerTakesItUpAtOnceAndPagesGetItByAFile) {
  const std::string url = serve();
  EXPECT_THAT(frontend_config(url), HasSubstr("\"deployRecordingStack\": \"true\""));
  ASSERT_EQ(configure({"--deploy-recording-stack=false", "--recording-attendee-name=Tape", "--connect-instance-arn=arn:aws:connect:eu-west-1:1:instance/x"}), 0) << err_;
  const std::string served = frontend_config(url);
  EXPECT_THAT(served, HasSubstr("\"deployRecordingStack\": \"false\""));
  EXPECT_THAT(served, HasSubstr("\"recordingAttendeeName\": \"Tape\""));
  EXPECT_THAT(served, HasSubstr("\"connectInstanceARN\": \"arn:aws:connect:eu-west-1:1:instance/x\""));
  EXPECT_EQ(value("connectInstanceURL"), url);
  // A refused change leaves it as it is.
  EXPECT_EQ(configure({"--deploy-recording-stack=true", "--max-capacity=0"}), 1);
  EXPECT_EQ(frontend_config(url), served);

  const std::string local = (directory_ / "web/local").string(), other = (directory_ / "other").string();
  ASSERT_EQ(run({"sync-config", "--url", url + "/", "--out", local, "--out", other}), 0) << err_;
  EXPECT_EQ(text_of(local + "/frontend-config.js"), served);
  EXPECT_EQ(text_of(other + "/frontend-config.js"), served);
  EXPECT_EQ(run({"sync-config", "--url", url + "/api", "--out", other}), 1);
  EXPECT_EQ(text_of(other + "/frontend-config.js"), served) << "what is no configuration replaces none";
  EXPECT_EQ(run({"sync-config", "--out", other}), 2);
  ASSERT_EQ(run({"sync-config", "--data-dir", data_, "--out", other}), 0) << err_;
  EXPECT_EQ(text_of(other + "/frontend-config.js"), served);
  // Without the server by its data directory, with the address that it had.
  server_.reset();
  ASSERT_EQ(run({"sync-config", "--data-dir", data_, "--out", other}), 0) << err_;
  EXPECT_EQ(text_of(other + "/frontend-config.js"), served);
  EXPECT_EQ(run({"sync-config", "--url", url, "--out", other}), 1);
  EXPECT_EQ(value("recordingAttendeeName"), "Tape");
}

TEST_F(ConfigureCommand, ASecretThatCannotBeOpenedStopsNothingElse) {
  serve();
  ASSERT_EQ(configure({"--recording-object-store=s3", "--recording-s3-endpoint=http://127.0.0.1:9", "--recording-s3-bucket=calls", "--recording-s3-access-key-id=ID", "--recording-s3-secret-access-key=secret"}), 0) << err_;
  {
    auto db = store::Database::open(data_ + "/upcall.db", store::Database::Mode::read_write);
    ASSERT_TRUE(db);
    ASSERT_TRUE(store::parameters::set(**db, "recordingS3SecretAccessKey", "00ff"));
  }
  ASSERT_EQ(configure({"--max-capacity=9", "--diff"}), 0) << err_;
  ASSERT_EQ(configure({"-t", "--cache", (directory_ / "c.json").string()}), 0) << err_;
  EXPECT_EQ(text_of(directory_ / "c.json").find("unreadable"), std::string::npos);
  EXPECT_EQ(configure({"--max-capacity=9"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("The object store stays as it was: recordingS3SecretAccessKey cannot be opened"));
  EXPECT_EQ(value("maxCapacity"), "9");
  ASSERT_EQ(configure({"--recording-s3-secret-access-key=new"}), 0) << err_;
  EXPECT_EQ(err_.find("stays as it was"), std::string::npos) << err_;
}

// A person at a terminal.
class Person {
 public:
  explicit Person(std::vector<std::string> arguments) {
    pid_ = ::forkpty(&fd_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    std::vector<char*> argv{const_cast<char*>(kProgram)};
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    ::execv(kProgram, argv.data());
    ::_exit(127);
  }
  ~Person() {
    ::close(fd_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  // Reads until `text` comes.
  bool reads(const std::string& text) {
    for (std::size_t at; (at = seen_.find(text, from_)) == std::string::npos;) {
      pollfd p{fd_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&p, 1, 20'000) <= 0) return false;
      const ssize_t n = ::read(fd_, buffer, sizeof buffer);
      if (n <= 0) return false;
      seen_.append(buffer, static_cast<std::size_t>(n));
    }
    from_ = seen_.find(text, from_) + text.size();
    return true;
  }
  void types(const std::string& line) { ASSERT_EQ(::write(fd_, (line + "\n").data(), line.size() + 1), static_cast<ssize_t>(line.size() + 1)); }
  void leaves() { ASSERT_EQ(::write(fd_, "\x04", 1), 1); }
  int exit_status() {
    while (reads("\n")) {}
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& seen() const { return seen_; }

 private:
  int fd_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
  std::size_t from_ = 0;
};

// acceptance: 68
TEST_F(ConfigureCommand, AsksAPerson) {
  ASSERT_EQ(configure({"--recording-attendee-name=Bot"}), 0);
  {
    Person person({"configure", "--data-dir", data_, "-il", "--all"});
    while (person.reads(" [")) {
      ASSERT_TRUE(person.reads("]: "));
      const std::string line = person.seen().substr(person.seen().rfind('\n') + 1);
      if (line.starts_with("recording-attendee-name [Bot]")) {
        person.types("Tape");
      } else if (line.starts_with("recording-presigned") && person.seen().find("must be a whole number") == std::string::npos) {
        person.types("soon");
      } else if (line.starts_with("mail-method")) {
        person.types("smtp");
      } else if (line.starts_with("smtp-url")) {
        person.types("smtp://mail.example:587");
      } else if (line.starts_with("smtp-password")) {
        person.types("typed-secret");
      } else {
        person.types("");
      }
    }
    EXPECT_EQ(person.exit_status(), 0) << person.seen();
    EXPECT_EQ(person.seen().find("typed-secret"), std::string::npos) << "it is not shown";
    EXPECT_THAT(person.seen(), HasSubstr("recordingAttendeeName: Bot → Tape"));
    EXPECT_THAT(person.seen(), HasSubstr("must be a whole number"));
  }
  EXPECT_EQ(value("recordingAttendeeName"), "Tape");
  EXPECT_EQ(value("smtpPassword"), "(set)");
  {
    Person person({"configure", "--data-dir", data_, "-il"});
    ASSERT_TRUE(person.reads("connect-instance-arn ["));
    ASSERT_TRUE(person.reads("]: "));
    person.types("arn:aws:connect:eu-west-1:1:instance/x");
    ASSERT_TRUE(person.reads("connect-instance-url ["));
    person.leaves();
    EXPECT_EQ(person.exit_status(), 1) << person.seen();
  }
  EXPECT_TRUE(value("connectInstanceARN").starts_with("arn:aws:connect:local:")) << "nothing is stored";
  {
    Person person({"configure", "--data-dir", data_, "-d"});
    ASSERT_TRUE(person.reads("[no]: "));
    person.types("");
    EXPECT_EQ(person.exit_status(), 1);
  }
  EXPECT_EQ(value("recordingAttendeeName"), "Tape");
  {
    Person person({"configure", "--data-dir", data_, "-d"});
    ASSERT_TRUE(person.reads("[no]: "));
    person.types("yes");
    EXPECT_EQ(person.exit_status(), 0);
  }
  EXPECT_EQ(value("recordingAttendeeName"), "RECORDING");
}

TEST_F(ConfigureCommand, ADirectoryThatNobodyHasServedYetIsConfiguredToo) {
  EXPECT_EQ(value("connectInstanceURL"), "http://127.0.0.1:8080");
  ASSERT_EQ(configure({"--connect-instance-url=https://calls.example.com", "--recording-attendee-name=Bot", "--max-capacity=9"}), 0) << err_;
  ASSERT_EQ(configure({"-i"}, std::string(30, '\n')), 0) << err_;
  EXPECT_EQ(out_, "connectInstanceURL: https://calls.example.com → http://127.0.0.1:8080\nrecordingAttendeeName: Bot → RECORDING\n") << "from the defaults, as the original; what is not asked stays";
  ASSERT_EQ(configure({"--connect-instance-url=https://calls.example.com"}), 0);
  ASSERT_EQ(configure({"-d", "--yes"}), 0) << err_;
  EXPECT_EQ(value("connectInstanceURL"), "http://127.0.0.1:8080");
  ASSERT_EQ(configure({"--outputs", "--json"}), 0);
  EXPECT_EQ(out_, "{}\n");
  EXPECT_EQ(run({"sync-config", "--data-dir", data_, "--out", (directory_ / "x").string()}), 1);
  EXPECT_THAT(err_, HasSubstr("start it once"));
}

TEST_F(ConfigureCommand, TakesAnswersFromAPipe) {
  // Arn, url, flow, prefix, origins of agents and of customers; then Enter to the end.
  ASSERT_EQ(configure({"-il"}, "\n\n\nmy-prefix\n\n\n\n\n\nfalse\n"), 0) << err_;
  EXPECT_EQ(value("cognitoDomainPrefix"), "my-prefix");
  EXPECT_EQ(value("deployRecordingStack"), "false");
  EXPECT_EQ(configure({"-il"}, "\n\n"), 1);
  EXPECT_THAT(err_, HasSubstr("nothing is stored"));
}

}  // namespace
}  // namespace upcall
