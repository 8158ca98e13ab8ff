#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tessera/core/error.h"

namespace tessera {

struct ConfigMember;

/// One value of a configuration, with the place it comes from.
struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;     ///< of a scalar
  bool quoted = false;  ///< a scalar in quotes is text, whatever it looks like
  std::string tag;      ///< "!replace", "!delete" or empty
  std::string origin;   ///< "train.yaml:12" or "--set lr=1"
  std::vector<ConfigNode> items;
  std::vector<ConfigMember> members;  ///< of a map, in the order of the file

  ConfigNode();
  ConfigNode(const ConfigNode&);
  ConfigNode(ConfigNode&&) noexcept;
  ConfigNode& operator=(const ConfigNode&);
  ConfigNode& operator=(ConfigNode&&) noexcept;
  ~ConfigNode();

  const ConfigNode* find(std::string_view key) const;
  ConfigNode* find(std::string_view key);
  /// As a message shows it: "'fast'", "a list of 3".
  std::string show() const;
};

struct ConfigMember {
  std::string key;
  ConfigNode value;
};

/// A configuration: a YAML file laid over its bases, then the `--set a.b=c` overrides. See
/// docs/config.md for the rules.
class Config {
 public:
  static Config load(const std::filesystem::path& path,
                     const std::vector<std::string>& overrides = {});

  const ConfigNode& root() const { return root_; }

  /// Fills a struct through its read_fields(ConfigReader&, T&).
  template <class T>
  T read() const;

  /// Fills a struct from one section; without the section it is as constructed.
  template <class T>
  T section(const std::string& name) const;
  /// The text at a section's key; an Error says where it is missing.
  std::string section_text(const std::string& section, const std::string& key) const;
  /// The text of a key at the top; empty when it is missing.
  std::string text(const std::string& key) const;
  /// Refuses keys at the top other than these.
  void expect_sections(const std::vector<std::string>& names) const;

  /// The resolved configuration as YAML; loading it gives the same configuration again.
  std::string dump() const;
  void save(const std::filesystem::path& path) const;

 private:
  ConfigNode root_;
};

/// What a number may be, both ends included.
struct Limits {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

class ConfigReader;

/// A struct that a configuration can fill: `void read_fields(ConfigReader&, T&)` beside it names
/// its keys.
template <class T>
concept Configurable = requires(ConfigReader& reader, T& value) {
  read_fields(reader, value);
};

/// Reads one map of a configuration into the fields of a struct:
///
///     void read_fields(ConfigReader& reader, Optimizer& o) {
///       reader.read("lr", o.lr, {.low = 0});
///       reader.read("kind", o.kind, {{"sgd", Kind::kSgd}, {"adamw", Kind::kAdamW}});
///     }
///
/// A field whose key is missing keeps the value it has. Once read_fields returns, keys that it did
/// not ask for are refused. Every error names file, line and key, and what was expected.
class ConfigReader {
 public:
  ConfigReader(const ConfigNode& map, std::string path);

  template <class T>
  void read(std::string_view key, T& field) {
    if (const ConfigNode* node = take(key)) fill(*node, path_of(key), field);
  }

  template <class T>
  requires std::is_arithmetic_v<T>
  void read(std::string_view key, T& field, Limits limits) {
    if (const ConfigNode* node = take(key)) {
      fill(*node, path_of(key), field);
      check_limits(*node, path_of(key), static_cast<double>(field), limits);
    }
  }

  template <class E>
  requires std::is_enum_v<E>
  void read(std::string_view key, E& field,
            std::initializer_list<std::pair<const char*, E>> choices) {
    const ConfigNode* node = take(key);
    if (node == nullptr) return;
    std::vector<std::string> names;
    for (const auto& [name, value] : choices) names.emplace_back(name);
    field = (choices.begin() + choose(*node, path_of(key), names))->second;
  }

  /// As read, but the key must be there.
  template <class T, class... Rule>
  void require(std::string_view key, T& field, const Rule&... rule) {
    if (map_.find(key) == nullptr) fail_missing(key);
    read(key, field, rule...);
  }

  /// Refuses a value that does not go with others, at its place in the file; `why` says with which.
  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;

  /// Refuses the keys that nothing has read.
  void finish() const;

  /// Fills a struct from a map and refuses its unknown keys.
  template <Configurable T>
  static void fill(const ConfigNode& node, const std::string& path, T& field) {
    expect_map(node, path);
    ConfigReader reader(node, path);
    read_fields(reader, field);
    reader.finish();
  }

 private:
  static void fill(const ConfigNode& node, const std::string& path, bool& field);
  static void fill(const ConfigNode& node, const std::string& path, std::string& field);
  static void fill(const ConfigNode& node, const std::string& path, std::filesystem::path& field);
  static void fill(const ConfigNode& node, const std::string& path, double& field);
  static void fill(const ConfigNode& node, const std::string& path, float& field);

  template <std::integral T>
  static void fill(const ConfigNode& node, const std::string& path, T& field) {
    field =
        static_cast<T>(integer(node, path, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                               static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
  }

  template <class T>
  static void fill(const ConfigNode& node, const std::string& path, std::optional<T>& field) {
    if (node.kind == ConfigNode::Kind::kNull) {
      field.reset();
    } else {
      fill(node, path, field.emplace());
    }
  }

  template <class T>
  static void fill(const ConfigNode& node, const std::string& path, std::vector<T>& field) {
    expect_list(node, path);
    field.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      T item{};
      fill(node.items[i], path + "." + std::to_string(i), item);
      field.push_back(std::move(item));
    }
  }

  template <class T, std::size_t N>
  static void fill(const ConfigNode& node, const std::string& path, std::array<T, N>& field) {
    expect_list(node, path, N);
    for (std::size_t i = 0; i < N; ++i)
      fill(node.items[i], path + "." + std::to_string(i), field[i]);
  }

  template <class T>
  static void fill(const ConfigNode& node, const std::string& path,
                   std::map<std::string, T>& field) {
    expect_map(node, path);
    field.clear();
    for (const auto& [key, member] : node.members) fill(member, path + "." + key, field[key]);
  }

  static void expect_map(const ConfigNode& node, const std::string& path);
  static void expect_list(const ConfigNode& node, const std::string& path,
                          std::optional<std::size_t> size = std::nullopt);
  static std::int64_t integer(const ConfigNode& node, const std::string& path, std::int64_t low,
                              std::uint64_t high);
  static void check_limits(const ConfigNode& node, const std::string& path, double value,
                           Limits limits);
  static std::size_t choose(const ConfigNode& node, const std::string& path,
                            const std::vector<std::string>& names);

  const ConfigNode* take(std::string_view key);
  std::string path_of(std::string_view key) const;
  [[noreturn]] void fail_missing(std::string_view key) const;

  const ConfigNode& map_;
  std::string path_;
  std::vector<std::string> known_;
};

template <class T>
T Config::section(const std::string& name) const {
  T value{};
  if (const ConfigNode* node = root_.find(name)) ConfigReader::fill(*node, name, value);
  return value;
}

template <class T>
T Config::read() const {
  T value{};
  ConfigReader::fill(root_, "", value);
  return value;
}

}  // namespace tessera
