#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {

/// A parsed JSON value. The named accessors are for members of an object; each throws an Error that
/// names the key when it is missing or of another type ("bbox: expected a list of numbers").
class JsonValue {
 public:
  explicit JsonValue(simdjson::dom::element element) : element_(element) {}

  bool is_object() const { return element_.is_object(); }
  bool is_array() const { return element_.is_array(); }
  bool is_text() const { return element_.is_string(); }
  bool is_null() const { return element_.is_null(); }

  /// The member of that name; nothing when it is missing or null.
  std::optional<JsonValue> find(std::string_view key) const;
  JsonValue at(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  std::string text(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  /// 0/1 and false/true alike; `missing` when there is no such member.
  bool flag(std::string_view key, bool missing = false) const;

  std::string to_json() const { return simdjson::minify(element_); }

  /// The value itself, which an error calls `name`.
  std::int64_t as_integer(std::string_view name) const;
  double as_number(std::string_view name) const;
  std::string as_text(std::string_view name) const;
  std::vector<JsonValue> as_list(std::string_view name) const;
  std::vector<double> as_numbers(std::string_view name) const;
  std::vector<std::uint32_t> as_counts(std::string_view name) const;
  std::vector<std::pair<std::string, JsonValue>> members(std::string_view name) const;

 private:
  simdjson::dom::element element_;
};

/// Parses texts one after the other; a value lives until the next parse.
class JsonParser {
 public:
  JsonValue parse(std::string_view text);

 private:
  simdjson::dom::parser parser_;
  std::string padded_;
};

/// What a file holds.
enum class JsonRoot { kObject, kList };

/// A file that holds one object with long lists, such as COCO's 450 MB of annotations, or one list,
/// such as its results. It is mapped, not read; lists are walked one element at a time, so memory
/// stays small whatever its size.
class JsonFile {
 public:
  explicit JsonFile(const std::filesystem::path& path, JsonRoot root = JsonRoot::kObject);

  const std::filesystem::path& path() const { return file_.path(); }
  bool has(std::string_view key) const { return find(key) != nullptr; }

  /// The text of a member; an Error when it is missing.
  std::string_view text(std::string_view key) const;

  /// Calls visit(element, text) for each element of the list `key` (an absent or null list has
  /// none). `text` stays valid as long as this object; an Error that leaves `visit` gains the file,
  /// the line and the element's number.
  using Visit = std::function<void(const JsonValue& element, std::string_view text)>;
  void for_each(std::string_view key, const Visit& visit) const;
  /// The same for the list that the file is; errors count its entries from 1.
  void for_each_entry(const Visit& visit) const;

  /// The number of the line that `text`, a part of this file, starts on. All before it is read, so
  /// it is for error messages alone.
  std::size_t line_of(std::string_view text) const;
  /// Runs `body`, which reads `text`; an Error that leaves it gains the file and the line.
  template <class Body>
  void read_at(std::string_view text, Body&& body) const {
    try {
      std::forward<Body>(body)();
    } catch (const Error&) {
      rethrow_at(text);
    }
  }

 private:
  [[noreturn]] void rethrow_at(std::string_view text) const;
  const std::string_view* find(std::string_view key) const;
  std::size_t read_members(std::size_t offset);
  void walk_list(std::string_view list, const Visit& visit,
                 const std::function<std::string(std::size_t number)>& name) const;
  [[noreturn]] void fail_at(std::size_t offset, std::string_view what) const;
  std::size_t skip_blanks(std::size_t offset) const;
  std::size_t skip_text(std::size_t offset) const;
  std::size_t skip_value(std::size_t offset) const;

  MappedFile file_;
  std::string_view text_;
  std::vector<std::pair<std::string, std::string_view>> members_;
  std::string_view list_;  ///< JsonRoot::kList
};

}  // namespace tessera
