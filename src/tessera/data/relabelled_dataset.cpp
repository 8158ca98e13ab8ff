#include "tessera/data/relabelled_dataset.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/data/class_list.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

constexpr int kLeftOut = -1, kIgnored = -2;
constexpr std::uint8_t kUnlabelled = 255;
constexpr const char* kEveryOther = "*";

int find_class(const std::vector<ClassInfo>& classes, const std::string& name, const char* whose) {
  const auto found = std::ranges::find(classes, name, &ClassInfo::name);
  if (found != classes.end()) return static_cast<int>(found - classes.begin());
  std::vector<std::string> names;
  for (const ClassInfo& info : classes) names.push_back(info.name);
  fail("classes: {} has no class '{}'{}", whose, name, did_you_mean(name, names));
}

std::vector<ClassInfo> classes_of(const ClassMapping& mapping) {
  if (!mapping.list.empty()) return class_list(mapping.list);
  std::vector<ClassInfo> classes;
  for (const std::string& name : mapping.names)
    classes.push_back({static_cast<int>(classes.size()) + 1, name, /*is_thing=*/true});
  return classes;
}

double area_of(const Instance& instance) { return static_cast<double>(rle_area(instance.mask)); }
double area_of(const Segment& segment) { return static_cast<double>(segment.area); }

class RelabelledDataset : public Dataset {
 public:
  RelabelledDataset(std::unique_ptr<Dataset> dataset, const ClassMapping& mapping)
      : dataset_(std::move(dataset)),
        new_class_(dataset_->classes().size(), kLeftOut),
        least_area_(mapping.least_area),
        most_objects_(static_cast<std::size_t>(mapping.most_objects)) {
    frames_ = dataset_->frames();
    sequences_ = dataset_->sequences();
    classes_ = classes_of(mapping);
    for (const auto& [from, to] : mapping.from) {
      const int new_class = find_class(classes_, to, "the list");
      if (from != kEveryOther)
        new_class_[find_class(dataset_->classes(), from, "the dataset")] = new_class;
    }
    for (const std::string& name : mapping.ignored)
      new_class_[find_class(dataset_->classes(), name, "the dataset")] = kIgnored;
    if (const auto other = mapping.from.find(kEveryOther); other != mapping.from.end())
      for (std::size_t i = 0; i < new_class_.size(); ++i)
        if (new_class_[i] == kLeftOut && dataset_->classes()[i].is_thing)
          new_class_[i] = find_class(classes_, other->second, "the list");
  }

  Sample load(std::size_t index) const override {
    Sample sample = dataset_->load(index);
    const Size size = sample.image.size();
    return relabelled(std::move(sample), size);
  }
  Sample load_labels(std::size_t index) const override {
    const Size size = read_picture_info(frames_.at(index).image_path).size;
    return relabelled(dataset_->load_labels(index), size);
  }
  bool has_labels() const override { return dataset_->has_labels(); }
  bool has_objects(std::size_t index) const override {
    return keeps_all_objects() ? dataset_->has_objects(index) : Dataset::has_objects(index);
  }

 private:
  bool keeps_all_objects() const {
    for (std::size_t i = 0; i < new_class_.size(); ++i)
      if (dataset_->classes()[i].is_thing && new_class_[i] < 0) return false;
    return least_area_ == 0;
  }

  int renamed(int category) const {
    const bool is_class = category >= 0 && static_cast<std::size_t>(category) < new_class_.size();
    return is_class ? new_class_[category] : kLeftOut;
  }

  /// Renames and drops objects; gives those that are to be ignored.
  template <class Labelled>
  std::vector<Labelled> choose(std::vector<Labelled>& objects) const {
    for (Labelled& object : objects)
      if (!object.ignore) object.category = renamed(object.category);
    std::erase_if(objects, [&](const Labelled& object) {
      return !object.ignore && (object.category == kLeftOut || area_of(object) < least_area_);
    });
    if (most_objects_ > 0)
      std::ranges::stable_sort(objects, std::ranges::greater(),
                               [](const Labelled& object) { return area_of(object); });
    std::vector<Labelled> kept, ignored;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const bool is_beyond = most_objects_ > 0 && i >= most_objects_;
      const bool is_ignored = is_beyond || objects[i].ignore || objects[i].category == kIgnored;
      (is_ignored ? ignored : kept).push_back(std::move(objects[i]));
    }
    objects = std::move(kept);
    return ignored;
  }

  Sample relabelled(Sample sample, Size size) const {
    LabelMap ignored = sample.ignored ? std::move(*sample.ignored) : LabelMap(size, 1);
    bool any = sample.ignored.has_value();
    for (const Instance& instance : choose(sample.instances)) {
      const LabelMap mask = rle_decode(instance.mask);
      for (std::size_t i = 0; i < mask.values().size(); ++i)
        ignored.values()[i] |= mask.values()[i];
      any = true;
    }
    if (sample.panoptic) any |= choose_segments(*sample.panoptic, ignored);
    sample.ignored = any ? std::optional(std::move(ignored)) : std::nullopt;
    if (sample.semantic)
      for (std::uint8_t& category : sample.semantic->values()) {
        const int other = renamed(category);
        category = other < 0 ? kUnlabelled : static_cast<std::uint8_t>(other);
      }
    return sample;
  }

  /// True when pixels became ignored.
  bool choose_segments(PanopticMap& map, LabelMap& ignored) const {
    std::set<std::uint32_t> kept_ids, ignored_ids;
    for (const Segment& segment : choose(map.segments)) ignored_ids.insert(segment.id);
    for (const Segment& segment : map.segments) kept_ids.insert(segment.id);
    // By runs of equal ids: segments are wide, so the look-up is rare.
    std::uint32_t run = 0;
    bool is_kept = false, is_ignored = false;
    for (std::size_t i = 0; i < map.ids.values().size(); ++i) {
      std::uint32_t& id = map.ids.values()[i];
      if (id != run) {
        run = id;
        is_kept = kept_ids.contains(id);
        is_ignored = ignored_ids.contains(id);
      }
      if (is_ignored) ignored.values()[i] = 1;
      if (!is_kept) id = 0;
    }
    return !ignored_ids.empty();
  }

  std::unique_ptr<Dataset> dataset_;
  std::vector<int> new_class_;  ///< of each class of the dataset
  double least_area_;
  std::size_t most_objects_;
};

}  // namespace

std::unique_ptr<Dataset> relabel(std::unique_ptr<Dataset> dataset, const ClassMapping& mapping) {
  return std::make_unique<RelabelledDataset>(std::move(dataset), mapping);
}

}  // namespace tessera
