#include "s3/served_xml.hpp"

#include <sstream>

#include <pugixml.hpp>

#include "base/wall_text.hpp"
#include "wire/http.hpp"

namespace upcall::s3 {

namespace {

constexpr const char* kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

class Document {
 public:
  explicit Document(const char* root) {
    pugi::xml_node declaration = document_.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    root_ = document_.append_child(root);
  }
  pugi::xml_node& root() { return root_; }
  std::string text() const {
    std::ostringstream out;
    document_.save(out, "", pugi::format_raw, pugi::encoding_utf8);
    return out.str();
  }

 private:
  pugi::xml_document document_;
  pugi::xml_node root_;
};

void put(pugi::xml_node parent, const char* name, std::string_view value) {
  parent.append_child(name).text().set(std::string(value).c_str());
}

void put_namespace(pugi::xml_node root) { root.append_attribute("xmlns") = kNamespace; }

// Slashes stay, as the vendor leaves them.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '/' ? std::string("/") : wire::percent_encode(std::string_view(&c, 1));
  return out;
}

}  // namespace

std::string error_xml(std::string_view code, std::string_view message, std::string_view resource, std::string_view request_id,
                      const std::vector<std::pair<std::string, std::string>>& extra) {
  Document document("Error");
  put(document.root(), "Code", code);
  put(document.root(), "Message", message);
  for (const auto& [name, value] : extra) put(document.root(), name.c_str(), value);
  put(document.root(), "Resource", resource);
  put(document.root(), "RequestId", request_id);
  return document.text();
}

std::string buckets_xml(const std::vector<std::string>& names, std::string_view owner, WallTime created) {
  Document document("ListAllMyBucketsResult");
  put_namespace(document.root());
  pugi::xml_node who = document.root().append_child("Owner");
  put(who, "ID", owner);
  pugi::xml_node list = document.root().append_child("Buckets");
  for (const std::string& name : names) {
    pugi::xml_node bucket = list.append_child("Bucket");
    put(bucket, "Name", name);
    put(bucket, "CreationDate", to_iso8601(created));
  }
  return document.text();
}

std::string location_xml() {
  Document document("LocationConstraint");
  put_namespace(document.root());
  return document.text();
}

std::string list_xml(std::string_view bucket, const ListRequest& request, const ListPage& page, const std::vector<ServedObject>& objects) {
  Document document("ListBucketResult");
  pugi::xml_node root = document.root();
  put_namespace(root);
  const auto shown = [&](std::string_view text) { return request.encode ? encoded(text) : std::string(text); };
  put(root, "Name", bucket);
  put(root, "Prefix", shown(request.prefix));
  if (!request.delimiter.empty()) put(root, "Delimiter", shown(request.delimiter));
  if (!request.start_after.empty()) put(root, "StartAfter", shown(request.start_after));
  if (!request.continuation_token.empty()) put(root, "ContinuationToken", request.continuation_token);
  put(root, "KeyCount", std::to_string(page.items.size()));
  put(root, "MaxKeys", std::to_string(request.max_keys));
  if (request.encode) put(root, "EncodingType", "url");
  put(root, "IsTruncated", page.next ? "true" : "false");
  if (page.next) put(root, "NextContinuationToken", continuation_token(*page.next));
  std::size_t object = 0;
  for (const ListPage::Item& item : page.items) {
    if (item.is_prefix) continue;
    const ServedObject& facts = objects.at(object++);
    pugi::xml_node node = root.append_child("Contents");
    put(node, "Key", shown(item.name));
    put(node, "LastModified", to_iso8601(facts.modified));
    put(node, "ETag", "\"" + facts.etag + "\"");
    put(node, "Size", std::to_string(facts.size));
    put(node, "StorageClass", "STANDARD");
  }
  for (const ListPage::Item& item : page.items) {
    if (item.is_prefix) put(root.append_child("CommonPrefixes"), "Prefix", shown(item.name));
  }
  return document.text();
}

}  // namespace upcall::s3
