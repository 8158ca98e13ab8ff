#include "tessera/data/synth/dataset_writer.h"

#include <fmt/ranges.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"

namespace tessera::synth {
namespace fs = std::filesystem;

fs::path DatasetWriter::file(const fs::path& relative) const {
  const fs::path path = root_ / relative;
  make_directories(path.parent_path());
  return path;
}

void DatasetWriter::write_json(const fs::path& relative, const nlohmann::json& content) const {
  write_text_file(file(relative), content.dump());
}

std::vector<std::string> synth_format_names() {
  return {"kitti-step", "kitti-step-flat", "cityscapes-vps", "coco",
          "ade20k",     "youtube-vis",     "davis"};
}

std::unique_ptr<DatasetWriter> make_dataset_writer(std::string_view format, const fs::path& root,
                                                   int frames) {
  if (format == "kitti-step") return make_kitti_step_writer(root);
  if (format == "kitti-step-flat") return make_kitti_step_flat_writer(root);
  if (format == "cityscapes-vps") return make_cityscapes_vps_writer(root, frames);
  if (format == "coco") return make_coco_writer(root);
  if (format == "ade20k") return make_ade20k_writer(root);
  if (format == "youtube-vis") return make_youtube_vis_writer(root);
  if (format == "davis") return make_davis_writer(root);
  throw UsageError(fmt::format("unknown format '{}'{}; expected one of {}", format,
                               did_you_mean(format, synth_format_names()),
                               fmt::join(synth_format_names(), ", ")));
}

}  // namespace tessera::synth
