#include "contact/flow_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "flow_samples.hpp"

namespace upcall::contact {
namespace {

using ::testing::HasSubstr;

std::string file(const std::string& name) {
  std::ifstream in(std::string(UPCALL_FLOWS_DIR) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

Flow read(const std::string& text) {
  auto import = import_flow(text);
  for (const auto& p : import.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
  return import.flow.value_or(Flow{});
}

std::string written(const Flow& flow, FlowFormat format) {
  auto out = export_flow(flow, format);
  for (const auto& p : out.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
  return out.text.value_or("");
}

TEST(FlowExport, TheShippedFlowsInBothFormatsAndBack) {
  for (const char* name : {"video-call-chat.json", "video-call-chat-autostart.json", "video-call-queue.json"}) {
    const Flow flow = read(file(name));
    EXPECT_EQ(read(written(flow, FlowFormat::legacy)), flow) << name;
    const Flow there = read(written(flow, FlowFormat::actions));
    EXPECT_EQ(there, flow) << name;
    EXPECT_EQ(read(written(there, FlowFormat::legacy)), flow) << name << ": from one format to the other and back";
  }
}

TEST(FlowExport, EveryBlockOfTheLanguageComesBackAsItWas) {
  for (const std::string& text : {every_block(), every_queue_block(), module_flow()}) {
    const Flow flow = read(text);
    const std::string once = written(flow, FlowFormat::actions);
    EXPECT_EQ(read(once), flow);
    EXPECT_EQ(written(read(once), FlowFormat::actions), once);
  }
}

TEST(FlowExport, EveryTypeIsInTheSamples) {
  std::set<BlockType> seen;
  for (const std::string& text : {every_block(), every_queue_block(), module_flow()}) {
    for (const Block& b : read(text).blocks) seen.insert(b.type);
  }
  EXPECT_EQ(seen.size(), supported_block_types().size());
}

TEST(FlowExport, NumbersAreWrittenAsTheConsoleWritesThem) {
  const std::string text = written(read(every_block()), FlowFormat::actions);
  EXPECT_THAT(text, HasSubstr(R"("TimeLimitSeconds":"20")"));
  EXPECT_THAT(text, HasSubstr(R"("QueuePriority":"1")"));
  EXPECT_THAT(text, HasSubstr(R"("UntagContact")"));
}

TEST(FlowExport, WhatTheLegacyFormatCannotSayIsNamed) {
  auto out = export_flow(read(every_block()), FlowFormat::legacy);
  EXPECT_FALSE(out.text);
  std::set<std::string> blocks;
  for (const auto& p : out.problems) blocks.insert(p.block_id);
  EXPECT_TRUE(blocks.contains("ask"));
  EXPECT_TRUE(blocks.contains("spread"));
  EXPECT_FALSE(blocks.contains("hello"));
}

TEST(FlowExport, EveryTruncationIsRefused) {
  const std::string text = written(read(every_block()), FlowFormat::actions);
  for (std::size_t n = 0; n < text.size(); ++n) ASSERT_FALSE(import_flow(text.substr(0, n)).flow) << n;
}

}  // namespace
}  // namespace upcall::contact
