#include "tessera/metrics/panoptic_json.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/log.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/frame_view.h"

namespace tessera {
namespace {

constexpr std::int64_t kLargestId = 0xffffff;  // three bytes of colour

/// A member that is a number or a text; empty when absent.
std::string name_at(const JsonValue& value, std::string_view key) {
  const auto member = value.find(key);
  if (!member) return "";
  return member->is_text() ? member->as_text(key) : std::to_string(member->as_integer(key));
}

int category_at(const JsonValue& value, std::string_view key) {
  const std::int64_t category = value.integer(key);
  if (!std::in_range<int>(category)) fail("{} is {}, too large for a category", key, category);
  return static_cast<int>(category);
}

Segment read_segment(const JsonValue& value, ListedAreas areas) {
  Segment segment;
  const std::int64_t id = value.integer("id");
  if (id < 0 || id > kLargestId) fail("segment id {} is outside 1 to {}", id, kLargestId);
  segment.id = static_cast<std::uint32_t>(id);
  segment.category = category_at(value, "category_id");
  segment.crowd = value.flag("iscrowd");
  if (areas == ListedAreas::kNeeded) segment.area = value.integer("area");
  return segment;
}

}  // namespace

PanopticJson::PanopticJson(const std::filesystem::path& path) : file_(path) {
  if (!file_.has("annotations"))
    fail("{}: no list 'annotations': not a panoptic JSON file", path.string());
  std::set<std::string> seen;
  file_.for_each("annotations", [&](const JsonValue& value, std::string_view text) {
    PanopticAnnotation annotation{name_at(value, "image_id"), name_at(value, "file_name"), text};
    if (!annotation.image_id.empty() && !seen.insert(annotation.image_id).second)
      fail("image_id {} has a second annotation", annotation.image_id);
    annotations_.push_back(std::move(annotation));
  });
}

std::vector<Category> PanopticJson::categories() const {
  std::vector<Category> categories;
  std::set<int> seen;
  file_.for_each("categories", [&](const JsonValue& value, std::string_view) {
    Category category{category_at(value, "id"), name_at(value, "name"), value.flag("isthing")};
    if (!seen.insert(category.id).second) fail("the category id {} comes twice", category.id);
    categories.push_back(std::move(category));
  });
  if (categories.empty()) fail("{}: no 'categories'", path().string());
  return categories;
}

std::vector<std::pair<std::string, std::string>> PanopticJson::images() const {
  std::vector<std::pair<std::string, std::string>> images;
  file_.for_each("images", [&](const JsonValue& value, std::string_view) {
    images.emplace_back(name_at(value, "id"), name_at(value, "file_name"));
  });
  return images;
}

std::vector<Segment> PanopticJson::segments(const PanopticAnnotation& annotation, ListedAreas areas,
                                            JsonParser& parser) const {
  try {
    std::vector<Segment> segments;
    std::set<std::uint32_t> ids;
    const JsonValue value = parser.parse(annotation.text);
    for (const JsonValue& segment : value.at("segments_info").as_list("segments_info")) {
      segments.push_back(read_segment(segment, areas));
      if (!ids.insert(segments.back().id).second)
        fail("segment id {} is listed twice", segments.back().id);
    }
    return segments;
  } catch (const Error&) {
    const std::string& picture =
        annotation.file_name.empty() ? annotation.image_id : annotation.file_name;
    rethrow_with_context(
        fmt::format("{}, line {}: {}", path().string(), file_.line_of(annotation.text), picture));
  }
}

void TruthMismatches::check(const std::vector<Segment>& listed, const PairTable& pairs,
                            const std::string& picture) {
  std::set<std::uint32_t> drawn;
  for (const PairCount& pair : pairs)
    if (pair.gt != 0) drawn.insert(pair.gt);
  const auto note = [&](std::uint32_t id, const char* what) {
    if (count_++ == 0) first_ = fmt::format("{}: segment {} is {}", picture, id, what);
  };
  for (const Segment& segment : listed)
    if (drawn.erase(segment.id) == 0) note(segment.id, "listed, but no pixel has it");
  for (const std::uint32_t id : drawn) note(id, "in the picture, but not listed");
}

void TruthMismatches::warn(const std::filesystem::path& json) const {
  if (count_ > 0)
    spdlog::warn("{}: {} segments of the ground truth do not fit its pictures; the first: {}",
                 json.string(), count_, first_);
}

PanopticMap read_panoptic_view(const std::filesystem::path& png, const std::vector<Segment>& listed,
                               const std::vector<Category>& categories) {
  std::map<int, bool> is_thing;
  for (const Category& category : categories) is_thing[category.id] = category.thing;
  std::unordered_map<std::uint32_t, Segment> by_id;
  for (const Segment& segment : listed) by_id.emplace(segment.id, segment);
  IdMap ids = read_id_png(png);
  for (std::uint32_t& id : ids.values()) {
    const auto found = by_id.find(id);
    if (found == by_id.end() || found->second.crowd) id = 0;
  }
  return describe_ids(std::move(ids), [&](std::uint32_t id) {
    Segment segment = by_id.at(id);
    segment.track_id = is_thing.at(segment.category) ? static_cast<std::int64_t>(id) : -1;
    return segment;
  });
}

}  // namespace tessera
