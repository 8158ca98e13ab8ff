#include "tessera/data/prepare/prepare.h"

#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/text.h"

namespace tessera {
namespace {

constexpr std::pair<const char*, void (*)(const PrepareOptions&)> kSteps[] = {
    {"cityscapes", prepare_cityscapes},
    {"cityscapes-step", prepare_cityscapes},
    {"cityscapes-vps", prepare_cityscapes_vps},
    {"kitti-step", prepare_kitti_step},
    {"stem-seg", prepare_stem_seg},
    {"vipseg", prepare_vipseg},
    {"youtube-vis", prepare_youtube_vis},
};

}  // namespace

std::vector<std::string> preparable_datasets() {
  std::vector<std::string> names;
  for (const auto& [name, step] : kSteps) names.emplace_back(name);
  return names;
}

void prepare_dataset(const std::string& name, const PrepareOptions& options) {
  for (const auto& [known, prepare] : kSteps) {
    if (name != known) continue;
    if (!std::filesystem::is_directory(options.source))
      fail("{}: no such folder; it should hold the downloaded {}", options.source.string(), name);
    prepare(options);
    return;
  }
  const auto names = preparable_datasets();
  throw UsageError(fmt::format("'{}' has no preparation{}; those that have: {}", name,
                               did_you_mean(name, names), summarize(names, names.size())));
}

}  // namespace tessera
