#include "tessera/data/prepare/cityscapes_vps_merge.h"

#include <string>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/json.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/prepare/place_file.h"
#include "tessera/data/problems.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRelease = "cityscapes_vps";  ///< folder of the release, where it has one
constexpr std::size_t kPrefix = 10;  ///< "0005_0025_": number of the video and of the frame

struct Placement {
  fs::path source, destination;
};

/// What a split consists of, and where it comes from.
class Merge {
 public:
  explicit Merge(const PrepareOptions& options)
      : options_(options),
        release_(folders_.has_folder(options.source / kRelease) ? options.source / kRelease
                                                                : options.source),
        pictures_(first_folder({"leftImg8bit_sequence/val", "leftImg8bit_sequence"})),
        labels_(first_folder({"gtFine/val", "gtFine_trainvaltest/gtFine/val", "gtFine"})) {}

  void add_split(const std::string& split) {
    const fs::path list = release_ / ("panoptic_im_" + split + "_city_vps.json");
    if (!folders_.has_file(list)) return;
    for (const std::string& name : folders_.files_ending(release_, split + "_city_vps.json"))
      add(release_ / name, options_.destination / name);
    for (const std::string& name : folders_.files_ending(release_, split + "_city_vps_rle.json"))
      add(release_ / name, options_.destination / name);
    for (const char* kind : {"cls", "inst"})
      for (const std::string& name : folders_.files_ending(release_ / split / kind, ".png"))
        add(release_ / split / kind / name, options_.destination / split / kind / name);
    JsonFile(list).for_each("images", [&](const JsonValue& image, std::string_view) {
      add_labelled(split, image.text("id"), image.text("file_name"));
    });
    const fs::path every = release_ / ("im_all_info_" + split + "_city_vps.json");
    if (!folders_.has_file(every)) return;
    JsonFile(every).for_each("images", [&](const JsonValue& image, std::string_view) {
      const std::string name = image.text("file_name");
      add(pictures_ / name.substr(0, name.find('_')) / name,
          options_.destination / split / "img_all" / name);
    });
  }

  void place() const {
    if (!problems_.empty())
      fail(
          "{}: {}; the pictures come from Cityscapes' leftImg8bit_sequence, the labels of every "
          "20th frame from its gtFine, both beside the release",
          options_.source.string(), problems_.summary());
    for (const Placement& placement : placements_)
      make_directories(placement.destination.parent_path());
    Progress progress("merge", placements_.size(), "files");
    parallel_for(placements_.size(), options_.threads, [&](std::size_t i, int) {
      place_file(placements_[i].source, placements_[i].destination, options_.placing);
      progress.advance();
    });
  }

 private:
  fs::path first_folder(const std::vector<const char*>& names) {
    for (const char* name : names)
      if (folders_.has_folder(options_.source / name)) return options_.source / name;
    return options_.source / names[0];
  }

  /// A frame with labels: its picture and, where Cityscapes labelled it, those labels.
  void add_labelled(const std::string& split, const std::string& id, const std::string& file_name) {
    if (id.size() <= kPrefix) fail("id: expected a name like 0005_0025_city_000000_000004");
    const std::string name = id.substr(kPrefix);
    const std::string city = name.substr(0, name.find('_'));
    const fs::path to = options_.destination / split;
    add(pictures_ / city / (name + "_leftImg8bit.png"), to / "img" / file_name);
    if (file_name.find("leftImg8bit") == std::string::npos || split == "test") return;
    for (const auto& [kind, ending] :
         {std::pair{"cls", "_gtFine_color.png"}, {"inst", "_gtFine_instanceIds.png"}})
      add(labels_ / city / (name + ending), to / kind / (id + ending));
  }

  /// What is at its place already needs no source.
  void add(const fs::path& source, const fs::path& destination) {
    if (source == destination) return;
    if (folders_.has_file(source))
      placements_.push_back({source, destination});
    else if (!folders_.has_file(destination))
      problems_.add(ProblemKind::kMissingFile, source.string());
  }

  const PrepareOptions& options_;
  FolderCache folders_;
  fs::path release_, pictures_, labels_;
  std::vector<Placement> placements_;
  ProblemList problems_;
};

}  // namespace

void merge_cityscapes_vps(const PrepareOptions& options) {
  Merge merge(options);
  for (const char* split : {"train", "val", "test"}) merge.add_split(split);
  merge.place();
}

}  // namespace tessera
