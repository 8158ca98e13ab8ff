#include "tessera/core/json.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"

namespace tessera {
namespace {

/// The line and column of a byte, for messages.
std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = before.size() - (newline == before.npos ? 0 : newline + 1) + 1;
  return fmt::format("line {}, column {}", line, column);
}

}  // namespace

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  if (!element_.is_object()) fail("expected an object with the key '{}'", key);
  simdjson::dom::element member;
  if (element_.at_key(key).get(member) != simdjson::SUCCESS || member.is_null())
    return std::nullopt;
  return JsonValue(member);
}

JsonValue JsonValue::at(std::string_view key) const {
  if (auto member = find(key)) return *member;
  fail("the key '{}' is missing", key);
}

std::int64_t JsonValue::integer(std::string_view key) const { return at(key).as_integer(key); }
double JsonValue::number(std::string_view key) const { return at(key).as_number(key); }
std::string JsonValue::text(std::string_view key) const { return at(key).as_text(key); }
std::vector<double> JsonValue::numbers(std::string_view key) const {
  return at(key).as_numbers(key);
}

bool JsonValue::flag(std::string_view key, bool missing) const {
  const auto member = find(key);
  if (!member) return missing;
  bool value = false;
  if (member->element_.get(value) == simdjson::SUCCESS) return value;
  return member->as_integer(key) != 0;
}

std::int64_t JsonValue::as_integer(std::string_view name) const {
  std::int64_t integer = 0;
  if (element_.get(integer) == simdjson::SUCCESS) return integer;
  double number = 0;
  constexpr double kEnd = 9223372036854775808.0;  // 2^63, the first that no longer fits
  if (element_.get(number) == simdjson::SUCCESS && number >= -kEnd && number < kEnd &&
      number == std::trunc(number))
    return static_cast<std::int64_t>(number);
  fail("{}: expected a whole number", name);
}

double JsonValue::as_number(std::string_view name) const {
  double number = 0;
  if (element_.get(number) != simdjson::SUCCESS) fail("{}: expected a number", name);
  return number;
}

std::string JsonValue::as_text(std::string_view name) const {
  std::string_view text;
  if (element_.get(text) != simdjson::SUCCESS) fail("{}: expected a string", name);
  return std::string(text);
}

std::vector<JsonValue> JsonValue::as_list(std::string_view name) const {
  simdjson::dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) fail("{}: expected a list", name);
  std::vector<JsonValue> values;
  values.reserve(array.size());
  for (const simdjson::dom::element value : array) values.emplace_back(value);
  return values;
}

std::vector<double> JsonValue::as_numbers(std::string_view name) const {
  simdjson::dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) fail("{}: expected a list of numbers", name);
  std::vector<double> numbers;
  numbers.reserve(array.size());
  for (const simdjson::dom::element value : array)
    numbers.push_back(JsonValue(value).as_number(name));
  return numbers;
}

std::vector<std::uint32_t> JsonValue::as_counts(std::string_view name) const {
  simdjson::dom::array array;
  if (element_.get(array) != simdjson::SUCCESS) fail("{}: expected a list of counts", name);
  std::vector<std::uint32_t> counts;
  counts.reserve(array.size());
  for (const simdjson::dom::element value : array) {
    std::uint64_t count = 0;
    if (value.get(count) != simdjson::SUCCESS || count > UINT32_MAX)
      fail("{}: expected whole numbers that aren't negative", name);
    counts.push_back(static_cast<std::uint32_t>(count));
  }
  return counts;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members(std::string_view name) const {
  simdjson::dom::object object;
  if (element_.get(object) != simdjson::SUCCESS) fail("{}: expected an object", name);
  std::vector<std::pair<std::string, JsonValue>> members;
  for (const auto& [key, value] : object) members.emplace_back(std::string(key), JsonValue(value));
  return members;
}

JsonValue JsonParser::parse(std::string_view text) {
  padded_.assign(text);
  padded_.resize(text.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element element;
  const auto error = parser_.parse(padded_.data(), text.size(), false).get(element);
  if (error != simdjson::SUCCESS) fail("broken JSON: {}", simdjson::error_message(error));
  return JsonValue(element);
}

JsonFile::JsonFile(const std::filesystem::path& path, JsonRoot root) : file_(path) {
  text_ = {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()};
  const std::size_t start = skip_blanks(0);
  const bool is_object = root == JsonRoot::kObject;
  if (start >= text_.size() || text_[start] != (is_object ? '{' : '['))
    fail_at(start, is_object ? "expected an object" : "expected a list");
  std::size_t end = 0;
  if (is_object) {
    end = read_members(start);
  } else {
    end = skip_value(start);
    list_ = text_.substr(start, end - start);
  }
  if (skip_blanks(end) != text_.size()) fail_at(skip_blanks(end), "expected the end of the file");
}

/// Notes the members of the object at `offset`; gives the place behind it.
std::size_t JsonFile::read_members(std::size_t offset) {
  offset = skip_blanks(offset + 1);
  while (offset < text_.size() && text_[offset] != '}') {
    const std::size_t key_end = skip_text(offset);
    const std::string key(text_.substr(offset + 1, key_end - offset - 2));
    offset = skip_blanks(key_end);
    if (offset >= text_.size() || text_[offset] != ':') fail_at(offset, "expected ':'");
    offset = skip_blanks(offset + 1);
    const std::size_t end = skip_value(offset);
    members_.emplace_back(key, text_.substr(offset, end - offset));
    offset = skip_blanks(end);
    if (offset < text_.size() && text_[offset] == ',')
      offset = skip_blanks(offset + 1);
    else if (offset < text_.size() && text_[offset] != '}')
      fail_at(offset, "expected ',' or '}'");
  }
  if (offset >= text_.size()) fail_at(offset, "the file ends early");
  return offset + 1;
}

std::string_view JsonFile::text(std::string_view key) const {
  const std::string_view* member = find(key);
  if (member == nullptr) fail("{}: the key '{}' is missing", path().string(), key);
  return *member;
}

void JsonFile::for_each(std::string_view key, const Visit& visit) const {
  const std::string_view* list = find(key);
  if (list == nullptr || *list == "null") return;
  if (list->empty() || list->front() != '[')
    fail_at(static_cast<std::size_t>(list->data() - text_.data()),
            fmt::format("'{}' is no list", key));
  walk_list(*list, visit, [&](std::size_t number) { return fmt::format("{}[{}]", key, number); });
}

void JsonFile::for_each_entry(const Visit& visit) const {
  walk_list(list_, visit, [](std::size_t number) { return fmt::format("entry {}", number + 1); });
}

void JsonFile::walk_list(std::string_view list, const Visit& visit,
                         const std::function<std::string(std::size_t)>& name) const {
  const auto start = static_cast<std::size_t>(list.data() - text_.data());
  JsonParser parser;
  std::size_t offset = skip_blanks(start + 1);
  for (std::size_t number = 0; text_[offset] != ']'; ++number) {
    const std::size_t end = skip_value(offset);
    const std::string_view text = text_.substr(offset, end - offset);
    check_interrupt();
    try {
      visit(parser.parse(text), text);
    } catch (const Error&) {
      rethrow_with_context(
          fmt::format("{}: {}: {}", path().string(), place(text_, offset), name(number)));
    }
    offset = skip_blanks(end);
    if (text_[offset] == ',')
      offset = skip_blanks(offset + 1);
    else if (text_[offset] != ']')
      fail_at(offset, "expected ',' or ']'");
  }
}

std::size_t JsonFile::line_of(std::string_view text) const {
  const std::string_view before(text_.data(), static_cast<std::size_t>(text.data() - text_.data()));
  return static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
}

void JsonFile::rethrow_at(std::string_view text) const {
  rethrow_with_context(fmt::format("{}: line {}", path().string(), line_of(text)));
}

const std::string_view* JsonFile::find(std::string_view key) const {
  for (const auto& [name, text] : members_)
    if (name == key) return &text;
  return nullptr;
}

void JsonFile::fail_at(std::size_t offset, std::string_view what) const {
  fail("{}: broken JSON at {}: {}", path().string(), place(text_, offset), what);
}

std::size_t JsonFile::skip_blanks(std::size_t offset) const {
  while (offset < text_.size() && (text_[offset] == ' ' || text_[offset] == '\n' ||
                                   text_[offset] == '\r' || text_[offset] == '\t'))
    ++offset;
  return offset;
}

std::size_t JsonFile::skip_text(std::size_t offset) const {
  if (offset >= text_.size() || text_[offset] != '"') fail_at(offset, "expected a string");
  for (std::size_t at = offset + 1;;) {
    const void* quote =
        at < text_.size() ? std::memchr(text_.data() + at, '"', text_.size() - at) : nullptr;
    if (quote == nullptr) fail_at(text_.size(), "the file ends inside a string");
    const auto end = static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data());
    std::size_t backslashes = 0;
    while (text_[end - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return end + 1;
    at = end + 1;
  }
}

std::size_t JsonFile::skip_value(std::size_t offset) const {
  std::size_t depth = 0;
  while (offset < text_.size()) {
    switch (text_[offset]) {
      case '"':
        offset = skip_text(offset);
        if (depth == 0) return offset;
        continue;
      case '[':
      case '{':
        ++depth;
        break;
      case ']':
      case '}':
        if (depth == 0) return offset;
        if (--depth == 0) return offset + 1;
        break;
      case ',':
        if (depth == 0) return offset;
        break;
      default:
        break;
    }
    ++offset;
  }
  fail_at(text_.size(), "the file ends early");
}

}  // namespace tessera
