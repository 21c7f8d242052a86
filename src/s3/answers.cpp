#include "s3/answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <pugixml.hpp>

#include "base/wall_text.hpp"

namespace upcall::s3 {

namespace {

template <class T>
bool number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// The root element of a whole document, or why there is none.
ParseResult<pugi::xml_node> root_of(pugi::xml_document& document, std::string_view xml) {
  if (xml.size() > kAnswerMax) return fail(ParseError::too_long);
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    // What stops at its last byte was cut off; everything else is wrong in itself.
    const bool cut = parsed.offset >= 0 && static_cast<std::size_t>(parsed.offset) + 1 >= xml.size();
    return fail(cut ? ParseError::truncated : ParseError::malformed);
  }
  const pugi::xml_node root = document.document_element();
  if (!root) return fail(ParseError::truncated);
  return root;
}

ParseResult<pugi::xml_node> root_named(pugi::xml_document& document, std::string_view xml, std::string_view name) {
  auto root = root_of(document, xml);
  if (root && root->name() != name) return fail(ParseError::malformed);
  return root;
}

std::string_view text(const pugi::xml_node& node, const char* name) { return node.child_value(name); }

bool truncated(const pugi::xml_node& root) { return text(root, "IsTruncated") == "true"; }

}  // namespace

std::string bare_etag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

ParseResult<std::string> parse_error(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_named(document, xml, "Error");
  if (!root) return tl::unexpected(root.error());
  const std::string_view code = text(*root, "Code");
  const bool word = !code.empty() && code.size() <= 100 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
  if (!word) return fail(ParseError::malformed);
  return std::string(code);
}

ParseResult<std::string> parse_create_upload(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_named(document, xml, "InitiateMultipartUploadResult");
  if (!root) return tl::unexpected(root.error());
  const std::string_view id = text(*root, "UploadId");
  if (id.empty() || id.size() > 1024) return fail(ParseError::malformed);
  return std::string(id);
}

ParseResult<CompleteAnswer> parse_complete(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_of(document, xml);
  if (!root) return tl::unexpected(root.error());
  CompleteAnswer out;
  const std::string_view name = root->name();
  if (name == "Error") {
    out.error = std::string(text(*root, "Code").substr(0, 100));
    if (out.error.empty()) return fail(ParseError::malformed);
    return out;
  }
  out.etag = bare_etag(text(*root, "ETag"));
  if (name != "CompleteMultipartUploadResult") return fail(ParseError::malformed);
  return out;
}

ParseResult<PartsPage> parse_parts(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_named(document, xml, "ListPartsResult");
  if (!root) return tl::unexpected(root.error());
  PartsPage out;
  for (const pugi::xml_node& node : root->children("Part")) {
    PartRow row;
    if (!number(text(node, "PartNumber"), row.number) || !number(text(node, "Size"), row.size)) return fail(ParseError::malformed);
    row.etag = bare_etag(text(node, "ETag"));
    out.parts.push_back(std::move(row));
  }
  // A page that says "more" but does not say where would be asked for again and again.
  if (truncated(*root) && (!number(text(*root, "NextPartNumberMarker"), out.next) || out.next == 0)) return fail(ParseError::malformed);
  return out;
}

ParseResult<ObjectsPage> parse_objects(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_named(document, xml, "ListBucketResult");
  if (!root) return tl::unexpected(root.error());
  ObjectsPage out;
  for (const pugi::xml_node& node : root->children("Contents")) {
    ObjectRow row;
    row.key = std::string(text(node, "Key"));
    const auto modified = parse_iso8601(text(node, "LastModified"));
    if (row.key.empty() || !number(text(node, "Size"), row.size) || !modified) return fail(ParseError::malformed);
    row.etag = bare_etag(text(node, "ETag"));
    row.modified = *modified;
    out.objects.push_back(std::move(row));
  }
  if (truncated(*root)) {
    out.next = std::string(text(*root, "NextContinuationToken"));
    if (out.next.empty()) return fail(ParseError::malformed);
  }
  return out;
}

ParseResult<UploadsPage> parse_uploads(std::string_view xml) {
  pugi::xml_document document;
  const auto root = root_named(document, xml, "ListMultipartUploadsResult");
  if (!root) return tl::unexpected(root.error());
  UploadsPage out;
  for (const pugi::xml_node& node : root->children("Upload")) {
    UploadRow row;
    row.key = std::string(text(node, "Key"));
    row.id = std::string(text(node, "UploadId"));
    const auto initiated = parse_iso8601(text(node, "Initiated"));
    if (row.key.empty() || row.id.empty() || !initiated) return fail(ParseError::malformed);
    row.initiated = *initiated;
    out.uploads.push_back(std::move(row));
  }
  if (truncated(*root)) {
    out.next_key = std::string(text(*root, "NextKeyMarker"));
    out.next_id = std::string(text(*root, "NextUploadIdMarker"));
    if (out.next_key.empty()) return fail(ParseError::malformed);
  }
  return out;
}

ParseResult<WallTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() < 29) return fail(ParseError::truncated);
  if (text.size() > 29) return fail(ParseError::too_long);
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end() || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text.substr(25) != " GMT") {
    return fail(ParseError::malformed);
  }
  const std::size_t number_of_month = static_cast<std::size_t>(month - kMonths.begin()) + 1;
  std::string iso(text.substr(12, 4));
  iso += number_of_month < 10 ? "-0" : "-";
  iso += std::to_string(number_of_month) + "-";
  iso.append(text.substr(5, 2)).append("T").append(text.substr(17, 8)).append("Z");
  return parse_iso8601(iso);
}

std::string complete_xml(const std::vector<PartRow>& parts) {
  std::string out = R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  for (const PartRow& part : parts) {
    out += "<Part><PartNumber>" + std::to_string(part.number) + "</PartNumber><ETag>&quot;";
    // ETags come from the store: what would be markup is escaped.
    for (const char c : part.etag) {
      if (c == '<') out += "&lt;";
      else if (c == '&') out += "&amp;";
      else if (c == '>') out += "&gt;";
      else out += c;
    }
    out += "&quot;</ETag></Part>";
  }
  return out + "</CompleteMultipartUpload>";
}

}  // namespace upcall::s3
