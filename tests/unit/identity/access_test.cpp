#include "identity/access.hpp"

#include <gtest/gtest.h>

namespace upcall::identity {
namespace {

constexpr std::string_view kProfile = "profile-playback";

struct Case {
  const char* what;
  const char* viewer_path;  // "": no group
  bool all_groups;
  const char* tag_path;  // "": no group
  bool groups_exist;
  bool allowed;
};

std::string last(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

constexpr Case kCases[] = {
    {"no groups anywhere: the profile decides", "", false, "", false, true},
    {"same group", "a/b", false, "a/b", true, true},
    {"parent", "a", false, "a/b", true, true},
    {"root of five levels", "a", false, "a/b/c/d/e", true, true},
    {"middle of five levels", "a/b/c", false, "a/b/c/d/e", true, true},
    {"child of the recording's group", "a/b/c", false, "a/b", true, false},
    {"sibling", "a/c", false, "a/b", true, false},
    {"cousin", "a/c/x", false, "a/b/x", true, false},
    {"another tree", "z", false, "a/b", true, false},
    {"a name that only begins alike", "a/b", false, "a/bc", true, false},
    {"a root that only begins alike", "a", false, "ab", true, false},
    {"viewer without group, tagged recording", "", false, "a", true, false},
    {"viewer without group, untagged recording, groups exist", "", false, "", true, false},
    {"viewer with group, untagged recording", "a", false, "", true, false},
    {"all groups: untagged", "", true, "", true, true},
    {"all groups: any tag", "", true, "a/b", true, true},
    {"all groups: own group elsewhere", "z", true, "a/b", true, true},
    {"groups were all removed, the tag stays", "", false, "a", false, false},
};

// acceptance: 62
TEST(Playback, HierarchyTable) {
  for (const Case& c : kCases) {
    Principal viewer;
    viewer.security_profile_ids = {"x", std::string(kProfile)};
    viewer.hierarchy_path = c.viewer_path;
    viewer.hierarchy_group_id = last(c.viewer_path);
    if (c.all_groups) viewer.permissions.add(Permission::recording_all_groups);
    const RecordingTag tag{last(c.tag_path), c.tag_path};
    EXPECT_EQ(may_play(viewer, tag, kProfile, c.groups_exist), c.allowed ? Playback::allowed : Playback::other_group) << c.what;
    // Without the profile nothing helps.
    viewer.security_profile_ids = {"x"};
    EXPECT_EQ(may_play(viewer, tag, kProfile, c.groups_exist), Playback::no_profile) << c.what;
    viewer.security_profile_ids = {""};
    EXPECT_EQ(may_play(viewer, tag, "", c.groups_exist), Playback::no_profile) << "an unset parameter opens nothing";
  }
}

TEST(Playback, ServicesNeedThePermissionAndPassTheHierarchy) {
  Principal service;
  service.kind = Principal::Kind::service;
  EXPECT_EQ(may_play(service, {"b", "a/b"}, kProfile, true), Playback::no_profile);
  service.permissions = PermissionSet::everything();
  EXPECT_EQ(may_play(service, {"b", "a/b"}, kProfile, true), Playback::allowed);
}

// The reach of a search and the decision about one contact are the same rule.
TEST(Contacts, ASearchReachesWhatMayBeRead) {
  const std::vector<std::string> paths = {"", "a", "a/b", "a/b/c", "a/bc", "x"};
  const auto last = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  int cases = 0, readable = 0;
  for (const bool searches : {true, false}) {
    for (const bool all_groups : {true, false}) {
      for (const auto kind : {Principal::Kind::user, Principal::Kind::service}) {
        for (const bool groups_exist : {true, false}) {
          for (const std::string& own : paths) {
            Principal viewer;
            viewer.kind = kind;
            if (searches) viewer.permissions.add(Permission::contact_search);
            if (all_groups) viewer.permissions.add(Permission::recording_all_groups);
            viewer.hierarchy_path = own;
            viewer.hierarchy_group_id = last(own);
            const ContactScope scope = contact_scope(viewer, groups_exist);
            for (const std::string& path : paths) {
              // In the words of the search's index.
              bool reached = scope.reach == ContactScope::Reach::everything;
              if (scope.reach == ContactScope::Reach::without_group) reached = path.empty();
              if (scope.reach == ContactScope::Reach::group) reached = is_same_or_above(scope.path, path);
              const bool may = may_read_contact(viewer, {last(path), path}, groups_exist);
              EXPECT_EQ(may, reached) << "of '" << own << "' for '" << path << "', groups " << groups_exist;
              if (!searches) EXPECT_FALSE(may);
              ++cases;
              readable += may;
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(cases, 576);
  EXPECT_GT(readable, 100);
}

TEST(Permissions, NamesRoundTripAndProfilesAreTheFive) {
  EXPECT_EQ(all_permissions().size(), kPermissionCount);
  for (Permission p : all_permissions()) EXPECT_EQ(permission_from(to_string(p)), p);
  EXPECT_FALSE(permission_from("root"));
  ASSERT_EQ(default_profiles().size(), 5u);
  EXPECT_TRUE(default_profiles()[0].permissions.has(Permission::recording_all_groups));
  for (std::size_t i = 1; i < 5; ++i) EXPECT_FALSE(default_profiles()[i].permissions.has(Permission::recording_all_groups));
}

}  // namespace
}  // namespace upcall::identity
