#include "tessera/core/config.h"

#include <yaml-cpp/yaml.h>

#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>

#include <system_error>

#include "tessera/core/file.h"
#include "tessera/core/text.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

using Kind = ConfigNode::Kind;

constexpr const char* kBase = "base";
constexpr const char* kReplace = "!replace";
constexpr const char* kDelete = "!delete";
// Far more than any real file needs; they stop a file whose aliases multiply or refer to
// themselves.
constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 1'000'000;

[[noreturn]] void fail_at(const ConfigNode& node, const std::string& path,
                          const std::string& what) {
  fail("{}: {}{}", node.origin, path.empty() ? "" : path + ": ", what);
}

/// Turns a parsed YAML document into nodes that know where they come from.
class Importer {
 public:
  Importer(std::string source, bool has_lines)
      : source_(std::move(source)), has_lines_(has_lines) {}

  ConfigNode import(const YAML::Node& yaml, int depth = 0) {
    ConfigNode node;
    node.origin = has_lines_ ? fmt::format("{}:{}", source_, yaml.Mark().line + 1) : source_;
    if (depth > kMaxDepth || ++count_ > kMaxNodes)
      fail_at(node, "", "nested too deeply or too large, as aliases (*name) can make it");
    read_tag(yaml, node);
    if (yaml.IsScalar()) {
      node.kind = Kind::kScalar;
      node.text = yaml.Scalar();
    } else if (yaml.IsSequence()) {
      node.kind = Kind::kList;
      for (const YAML::Node& item : yaml) node.items.push_back(import(item, depth + 1));
    } else if (yaml.IsMap()) {
      node.kind = Kind::kMap;
      for (const auto& member : yaml) add_member(member.first, member.second, node, depth);
    }
    return node;
  }

 private:
  static void read_tag(const YAML::Node& yaml, ConfigNode& node) {
    const std::string& tag = yaml.Tag();
    if (tag == "!") {
      node.quoted = true;
    } else if (tag == kReplace || tag == kDelete) {
      node.tag = tag;
    } else if (!tag.empty() && tag != "?") {
      fail_at(node, "",
              fmt::format("tag '{}' means nothing here; there are !replace and !delete", tag));
    }
  }

  void add_member(const YAML::Node& key, const YAML::Node& value, ConfigNode& node, int depth) {
    const std::string origin =
        has_lines_ ? fmt::format("{}:{}", source_, key.Mark().line + 1) : source_;
    if (!key.IsScalar()) fail("{}: a key must be plain text", origin);
    if (node.find(key.Scalar()) != nullptr) fail("{}: key '{}' stands twice", origin, key.Scalar());
    node.members.push_back({key.Scalar(), import(value, depth + 1)});
    node.members.back().value.origin = origin;
  }

  std::string source_;
  bool has_lines_;
  int count_ = 0;
};

/// Lays `over` on `under`: maps member by member, anything else (a tagged map too) replaces.
void merge(ConfigNode& under, ConfigNode over) {
  if (under.kind != Kind::kMap || over.kind != Kind::kMap || !over.tag.empty() ||
      under.tag == kDelete) {
    under = std::move(over);
    return;
  }
  under.origin = over.origin;
  for (auto& [key, value] : over.members) {
    if (ConfigNode* existing = under.find(key)) {
      merge(*existing, std::move(value));
    } else {
      under.members.push_back({key, std::move(value)});
    }
  }
}

/// Removes what a !delete has marked; merging is over, so no tag means anything any more.
void drop_deleted(ConfigNode& node) {
  node.tag.clear();
  std::erase_if(node.members, [](const auto& member) { return member.value.tag == kDelete; });
  for (auto& [key, value] : node.members) drop_deleted(value);
  for (ConfigNode& item : node.items) drop_deleted(item);
}

YAML::Node parse_yaml(const std::string& text, const std::string& source) {
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& error) {
    fail("{}:{}:{}: {}", source, error.mark.line + 1, error.mark.column + 1, error.msg);
  }
}

std::vector<ConfigNode> take_bases(ConfigNode& root) {
  const auto base = std::find_if(root.members.begin(), root.members.end(),
                                 [](const auto& member) { return member.key == kBase; });
  if (base == root.members.end()) return {};
  ConfigNode value = std::move(base->value);
  root.members.erase(base);
  std::vector<ConfigNode> bases =
      value.kind == Kind::kList ? std::move(value.items) : std::vector<ConfigNode>{value};
  for (const ConfigNode& entry : bases)
    if (entry.kind != Kind::kScalar)
      fail_at(entry, kBase,
              fmt::format("expected a file or a list of files, found {}", entry.show()));
  return bases;
}

/// Loads a file over its bases. `chain` holds the files that led here.
ConfigNode load_file(const fs::path& path, std::vector<fs::path>& chain) {
  const fs::path identity = fs::weakly_canonical(path);
  if (const auto seen = std::find(chain.begin(), chain.end(), identity); seen != chain.end()) {
    std::string cycle;
    for (auto step = seen; step != chain.end(); ++step) cycle += step->string() + " -> ";
    fail("the bases form a cycle: {}{}", cycle, identity.string());
  }
  const std::string source = path.string();
  ConfigNode root = Importer(source, true).import(parse_yaml(read_text_file(path), source));
  if (root.kind == Kind::kNull) root.kind = Kind::kMap;
  if (root.kind != Kind::kMap)
    fail("{}: expected a map of keys and values, found {}", root.origin, root.show());
  chain.push_back(identity);
  ConfigNode merged;
  merged.kind = Kind::kMap;
  for (const ConfigNode& base : take_bases(root))
    merge(merged, with_context(base.origin + ": base",
                               [&] { return load_file(path.parent_path() / base.text, chain); }));
  chain.pop_back();
  merge(merged, std::move(root));
  return merged;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path)
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  return parts;
}

/// The item of a list that an override's path names.
ConfigNode& list_item(ConfigNode& list, const std::string& part, const std::string& origin) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size())
    throw UsageError(fmt::format("{}: '{}' is not an index into {}", origin, part, list.show()));
  if (index >= list.items.size())
    throw UsageError(
        fmt::format("{}: there is no item {} in {} (the first is 0)", origin, index, list.show()));
  return list.items[index];
}

void apply_override(ConfigNode& root, const std::string& override) {
  const std::string origin = "--set " + override;
  const std::size_t equals = override.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw UsageError(fmt::format("{}: expected key=value, such as train.lr=0.01", origin));
  ConfigNode* node = &root;
  for (const std::string& part : split_path(override.substr(0, equals))) {
    if (part.empty()) throw UsageError(fmt::format("{}: an empty name in the key", origin));
    if (node->kind == Kind::kList) {
      node = &list_item(*node, part, origin);
      continue;
    }
    if (node->kind == Kind::kScalar)
      throw UsageError(fmt::format("{}: '{}' lies inside {}, which is neither a map nor a list",
                                   origin, part, node->show()));
    if (node->kind == Kind::kNull) {
      node->kind = Kind::kMap;
      node->origin = origin;
    }
    ConfigNode* member = node->find(part);
    if (member == nullptr) {
      node->members.push_back({part, ConfigNode{}});
      member = &node->members.back().value;
      member->origin = origin;
    }
    node = member;
  }
  merge(*node, Importer(origin, false).import(parse_yaml(override.substr(equals + 1), origin)));
}

void emit(YAML::Emitter& out, const ConfigNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      out << YAML::Null;
      break;
    case Kind::kScalar:
      if (node.quoted) out << YAML::DoubleQuoted;
      out << node.text;
      break;
    case Kind::kList: {
      const bool short_items =
          std::all_of(node.items.begin(), node.items.end(), [](const ConfigNode& item) {
            return item.kind != Kind::kMap && item.kind != Kind::kList;
          });
      if (short_items) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const ConfigNode& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    }
    case Kind::kMap:
      out << YAML::BeginMap;
      for (const auto& [key, value] : node.members) {
        out << YAML::Key << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      break;
  }
}

const ConfigNode& expect_plain(const ConfigNode& node, const std::string& path,
                               const char* expected) {
  if (node.kind != Kind::kScalar || node.quoted)
    fail_at(node, path, fmt::format("expected {}, found {}", expected, node.show()));
  return node;
}

}  // namespace

ConfigNode::ConfigNode() = default;
ConfigNode::ConfigNode(const ConfigNode&) = default;
ConfigNode::ConfigNode(ConfigNode&&) noexcept = default;
ConfigNode& ConfigNode::operator=(const ConfigNode&) = default;
ConfigNode& ConfigNode::operator=(ConfigNode&&) noexcept = default;
ConfigNode::~ConfigNode() = default;

const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const auto& [name, value] : members)
    if (name == key) return &value;
  return nullptr;
}

ConfigNode* ConfigNode::find(std::string_view key) {
  return const_cast<ConfigNode*>(std::as_const(*this).find(key));
}

std::string ConfigNode::show() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return quoted ? fmt::format("the text \"{}\"", text) : fmt::format("'{}'", text);
    case Kind::kList:
      return fmt::format("a list of {}", items.size());
    case Kind::kMap:
      return fmt::format("a map of {}", members.size());
  }
  return "";
}

Config Config::load(const fs::path& path, const std::vector<std::string>& overrides) {
  Config config;
  std::vector<fs::path> chain;
  config.root_ = load_file(path, chain);
  for (const std::string& override : overrides) apply_override(config.root_, override);
  drop_deleted(config.root_);
  return config;
}

std::string Config::text(const std::string& key) const {
  const ConfigNode* node = root_.find(key);
  if (node == nullptr) return "";
  if (node->kind != ConfigNode::Kind::kScalar)
    fail("{}: '{}' is {}, expected text", node->origin, key, node->show());
  return node->text;
}

std::string Config::section_text(const std::string& section, const std::string& key) const {
  const ConfigNode* map = root_.find(section);
  if (map == nullptr) fail("{}: there is no section '{}'", root_.origin, section);
  const ConfigNode* node = map->find(key);
  if (node == nullptr || node->kind != ConfigNode::Kind::kScalar)
    fail("{}: '{}.{}' is missing", map->origin, section, key);
  return node->text;
}

void Config::expect_sections(const std::vector<std::string>& names) const {
  for (const auto& [key, value] : root_.members)
    if (std::find(names.begin(), names.end(), key) == names.end())
      fail("{}: unknown key '{}'{}; expected one of {}", value.origin, key,
           did_you_mean(key, names), fmt::join(names, ", "));
}

std::string Config::dump() const {
  YAML::Emitter out;
  emit(out, root_);
  return std::string(out.c_str()) + "\n";
}

void Config::save(const fs::path& path) const { write_text_file(path, dump()); }

ConfigReader::ConfigReader(const ConfigNode& map, std::string path)
    : map_(map), path_(std::move(path)) {}

const ConfigNode* ConfigReader::take(std::string_view key) {
  known_.emplace_back(key);
  return map_.find(key);
}

std::string ConfigReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void ConfigReader::fail_missing(std::string_view key) const {
  fail("{}: key '{}' is missing", map_.origin, path_of(key));
}

void ConfigReader::refuse(std::string_view key, const std::string& why) const {
  const ConfigNode* node = map_.find(key);
  fail("{}: {}: {}", (node == nullptr ? map_ : *node).origin, path_of(key), why);
}

void ConfigReader::finish() const {
  for (const auto& [key, value] : map_.members)
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      fail("{}: unknown key '{}'{}", value.origin, path_of(key), did_you_mean(key, known_));
}

void ConfigReader::expect_map(const ConfigNode& node, const std::string& path) {
  if (node.kind != Kind::kMap)
    fail_at(node, path, fmt::format("expected a map of keys and values, found {}", node.show()));
}

void ConfigReader::expect_list(const ConfigNode& node, const std::string& path,
                               std::optional<std::size_t> size) {
  if (node.kind == Kind::kList && (!size || node.items.size() == *size)) return;
  fail_at(node, path,
          size ? fmt::format("expected a list of {}, found {}", *size, node.show())
               : fmt::format("expected a list, found {}", node.show()));
}

void ConfigReader::fill(const ConfigNode& node, const std::string& path, bool& field) {
  const std::string& text = expect_plain(node, path, "true or false").text;
  if (text != "true" && text != "false")
    fail_at(node, path, fmt::format("expected true or false, found '{}'", text));
  field = text == "true";
}

void ConfigReader::fill(const ConfigNode& node, const std::string& path, std::string& field) {
  if (node.kind != Kind::kScalar)
    fail_at(node, path, fmt::format("expected text, found {}", node.show()));
  field = node.text;
}

void ConfigReader::fill(const ConfigNode& node, const std::string& path, fs::path& field) {
  std::string text;
  fill(node, path, text);
  field = text;
}

void ConfigReader::fill(const ConfigNode& node, const std::string& path, double& field) {
  const std::string& text = expect_plain(node, path, "a number").text;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value))
    fail_at(node, path, fmt::format("expected a number, found '{}'", text));
  field = value;
}

void ConfigReader::fill(const ConfigNode& node, const std::string& path, float& field) {
  double value = 0;
  fill(node, path, value);
  field = static_cast<float>(value);
}

std::int64_t ConfigReader::integer(const ConfigNode& node, const std::string& path,
                                   std::int64_t low, std::uint64_t high) {
  const std::string& text = expect_plain(node, path, "a whole number").text;
  const char* end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range ||
      (error == std::errc() && stop == end &&
       (value < low || (value > 0 && static_cast<std::uint64_t>(value) > high))))
    fail_at(node, path,
            fmt::format("expected a whole number from {} to {}, found {}", low, high, text));
  if (error != std::errc() || stop != end)
    fail_at(node, path, fmt::format("expected a whole number, found '{}'", text));
  return value;
}

void ConfigReader::check_limits(const ConfigNode& node, const std::string& path, double value,
                                Limits limits) {
  if (value >= limits.low && value <= limits.high) return;
  if (std::isinf(limits.high))
    fail_at(node, path, fmt::format("expected at least {}, found {}", limits.low, value));
  if (std::isinf(limits.low))
    fail_at(node, path, fmt::format("expected at most {}, found {}", limits.high, value));
  fail_at(node, path, fmt::format("expected {} to {}, found {}", limits.low, limits.high, value));
}

std::size_t ConfigReader::choose(const ConfigNode& node, const std::string& path,
                                 const std::vector<std::string>& names) {
  std::string text;
  fill(node, path, text);
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end())
    fail_at(node, path,
            fmt::format("expected one of {}, found '{}'{}", fmt::join(names, ", "), text,
                        did_you_mean(text, names)));
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace tessera
