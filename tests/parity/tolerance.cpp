#include "tolerance.h"

#include <cstdlib>
#include <optional>
#include <regex>
#include <vector>

namespace tessera::parity {
namespace {

constexpr double kDefaultFloat = 1e-4;
constexpr double kGradientNorm = 1e-3;  ///< sums over many roundings

/// "a, b and *_c masks" -> a, b, *_c; "p./q. of s.*" -> p.s.*, q.s.*.
std::vector<std::string> patterns_of(const std::string& key) {
  std::vector<std::string> patterns;
  if (const auto of = key.find(" of "); of != std::string::npos) {
    const std::regex slash("/");
    const std::string heads = key.substr(0, of);
    for (std::sregex_token_iterator i(heads.begin(), heads.end(), slash, -1), end; i != end; ++i)
      patterns.push_back(i->str() + key.substr(of + 4));
    return patterns;
  }
  const std::regex separator(R"([, ]+)");
  for (std::sregex_token_iterator i(key.begin(), key.end(), separator, -1), end; i != end; ++i)
    patterns.push_back(i->str());
  return patterns;
}

std::optional<double> first_number(const std::string& text, const std::regex& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, pattern)) return std::nullopt;
  return std::strtod(match[1].str().c_str(), nullptr);
}

std::optional<double> share_in(const std::string& text) {
  const auto percent = first_number(text, std::regex(R"(([0-9.]+) % of )"));
  return percent ? std::optional(*percent / 100) : std::nullopt;
}

std::optional<double> relative_in(const std::string& text) {
  return first_number(text, std::regex(R"(([0-9.]+e-[0-9]+))"));
}

/// What an entry says; nothing when it is prose without a number.
std::optional<Tolerance> parse(const Json& entry) {
  if (entry.is_null()) return Tolerance{.informational = true};
  if (entry.is_number()) return Tolerance{.max_relative = entry.get<double>()};
  if (!entry.is_string()) return std::nullopt;
  const std::string text = entry.get<std::string>();
  const auto share = share_in(text);
  const auto relative = relative_in(text);
  const auto levels = first_number(text, std::regex(R"(([0-9]+) grey level)"));
  if (!share && !relative && !levels) return std::nullopt;
  return Tolerance{.max_relative = relative.value_or(0),
                   .max_absolute = levels.value_or(0),
                   .differing_fraction = share.value_or(0)};
}

/// The entry that names the tensor, else the one of the longest pattern that fits.
std::optional<Tolerance> find_in_table(const Json& table, const std::string& tensor) {
  std::optional<Tolerance> best;
  std::size_t best_length = 0;
  for (const auto& [key, entry] : table.items())
    for (const std::string& pattern : patterns_of(key)) {
      const auto found = matches(pattern, tensor) ? parse(entry) : std::nullopt;
      if (found && pattern == tensor) return found;
      if (found && pattern.size() > best_length) {
        best = found;
        best_length = pattern.size();
      }
    }
  return best;
}

std::vector<std::string> split(const std::string& text, const std::string& separators) {
  const std::regex pattern("[" + separators + "]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), pattern, -1), {}};
}

/// "1e-6 relative for step0, 1e-4 for step1 and step2": the number whose clause names the step that
/// is in the tensor's name; the first one for names without a step.
std::optional<Tolerance> find_for_step(const std::string& text, const std::string& tensor) {
  const std::regex step_name("step[0-9]+");
  std::smatch step;
  const bool has_step = std::regex_search(tensor, step, step_name);
  for (const std::string& clause : split(text, ","))
    if (const auto number = relative_in(clause))
      if (!has_step || clause.find(step.str()) != std::string::npos)
        return Tolerance{.max_relative = *number};
  return std::nullopt;
}

/// "images" and "image" alike.
std::string singular(std::string word) {
  if (word.ends_with('s')) word.pop_back();
  return word;
}

/// True when a clause such as "fg and label_map may differ" speaks of the tensor: of the last part
/// of its name without number, in singular or plural, or of a longer word's beginning.
bool speaks_of(const std::string& clause, const std::string& tensor) {
  constexpr std::size_t kLongWord = 5;
  const std::string last = tensor.substr(tensor.rfind('.') + 1);
  const std::string stem = singular(std::regex_replace(last, std::regex("[0-9]+$"), ""));
  for (const std::string& plural : split(clause, " :()")) {
    const std::string word = singular(plural);
    if (word == stem || (word.size() >= kLongWord && stem.starts_with(word))) return true;
  }
  return false;
}

/// What prose says of a tensor: a "grad*: 1e-3" or "(gradnorm.* and grad_*: 1e-3)" clause that
/// covers it, a clause that speaks of it, or, for floating-point tensors, the first relative
/// number.
std::optional<Tolerance> find_in_text(const std::string& text, const std::string& tensor,
                                      bool is_integer) {
  const std::regex pattern_clause(R"(([A-Za-z_.*]+( and [A-Za-z_.*]+)*): ([0-9.]+e-[0-9]+))");
  for (std::sregex_iterator i(text.begin(), text.end(), pattern_clause), end; i != end; ++i)
    for (const std::string& pattern : patterns_of((*i)[1].str()))
      if (matches(pattern, tensor))
        return Tolerance{.max_relative = std::strtod((*i)[3].str().c_str(), nullptr)};
  const std::vector<std::string> clauses = split(text, ";,");
  for (const std::string& clause : clauses)
    if (const auto found = parse(clause); found && speaks_of(clause, tensor)) return found;
  if (is_integer) {
    auto whole = clauses.size() == 1 ? parse(text) : std::nullopt;
    if (whole) whole->max_relative = 0;
    return whole;
  }
  if (tensor.starts_with("gradnorm")) return Tolerance{.max_relative = kGradientNorm};
  const auto relative = relative_in(text);
  return relative ? std::optional(Tolerance{.max_relative = *relative}) : std::nullopt;
}

/// What `source` (a case or a manifest) says under `key`, a table or a text.
std::optional<Tolerance> find_under(const Json& source, const std::string& key,
                                    const std::string& tensor, bool is_integer) {
  const auto entry = source.find(key);
  if (entry == source.end()) return std::nullopt;
  if (entry->is_number()) return parse(*entry);
  if (entry->is_object()) {
    if (const auto found = find_in_table(*entry, tensor)) return found;
    const char* kind = is_integer ? "integer tensors" : "float tensors";
    return entry->contains(kind) ? parse((*entry)[kind]) : std::nullopt;
  }
  if (!entry->is_string()) return std::nullopt;
  return find_in_text(entry->get<std::string>(), tensor, is_integer);
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (name.substr(0, star) != pattern.substr(0, star)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t i = star; i <= name.size(); ++i)
    if (matches(rest, name.substr(i))) return true;
  return false;
}

Tolerance tolerance_of(const Case& c, const std::string& tensor, bool is_integer) {
  if (matches("f64.*", tensor) && c.data.contains("tolerance_f64"))
    if (const auto found = find_for_step(c.data["tolerance_f64"].get<std::string>(), tensor))
      return *found;
  // `whole.pred` is one more `pred`.
  for (const std::string& name : {tensor, tensor.substr(tensor.rfind('.') + 1)})
    if (const auto own = c.data.find("tolerance_" + name); own != c.data.end())
      if (const auto found = parse(*own)) return *found;
  for (const char* key : {"tolerance", "compare"})
    if (const auto found = find_under(c.data, key, tensor, is_integer)) return *found;
  for (const char* key : {"tolerance", "default_tolerance"})
    if (const auto found = find_under(*c.manifest, key, tensor, is_integer)) return *found;
  return {.max_relative = is_integer ? 0 : kDefaultFloat};
}

const Json* find_entry(const Json& table, const std::string& tensor) {
  const std::string unprefixed = tensor.substr(tensor.find('.') + 1);
  for (const std::string& name :
       {tensor, unprefixed, std::regex_replace(tensor, std::regex("/[0-9]+$"), ""),
        std::regex_replace(tensor, std::regex("stage[0-9]+"), "stageS")})
    if (const auto found = table.find(name); found != table.end()) return &*found;
  for (const auto& [pattern, entry] : table.items())
    if (matches(pattern, tensor)) return &entry;
  return nullptr;
}

}  // namespace tessera::parity
