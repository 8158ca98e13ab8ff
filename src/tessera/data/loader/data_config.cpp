#include "tessera/data/loader/data_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/loader/mixed_clips.h"
#include "tessera/data/open_dataset.h"

namespace tessera {
namespace {

std::unique_ptr<ClipSource> make_clips(const ClipsConfig& config, const Dataset& dataset) {
  return std::make_unique<DatasetClips>(dataset, config.pipeline, config.references, config.clip);
}

void require_same_classes(const Dataset& first, const Dataset& other, const DatasetSpec& spec) {
  if (!std::ranges::equal(first.classes(), other.classes(), {}, &ClassInfo::name, &ClassInfo::name))
    fail(
        "mix: {} at {} has other classes than the first part; say what they are taken for in "
        "'classes' of its dataset",
        to_string(spec.format), spec.root.string());
}

}  // namespace

OpenedClips open_clips(const DataConfig& config) {
  OpenedClips opened;
  const auto open = [&](const ClipsConfig& clips) {
    opened.datasets.push_back(open_dataset(clips.dataset));
    return make_clips(clips, *opened.datasets.back());
  };
  if (!config.mix) {
    opened.clips = open(config);
    return opened;
  }
  std::vector<MixedClips::Part> parts;
  for (const MixConfig::Part& part : config.mix->parts) {
    parts.push_back({part.share, open(part)});
    require_same_classes(*opened.datasets.front(), *opened.datasets.back(), part.dataset);
  }
  opened.clips =
      std::make_unique<MixedClips>(std::move(parts), static_cast<std::size_t>(config.mix->samples));
  return opened;
}

void read_fields(ConfigReader& reader, ClassMapping& mapping) {
  reader.read("list", mapping.list);
  reader.read("names", mapping.names);
  reader.require("from", mapping.from);
  reader.read("ignored", mapping.ignored);
  reader.read("least_area", mapping.least_area, {.low = 0});
  reader.read("most_objects", mapping.most_objects, {.low = 0});
  if (mapping.list.empty() == mapping.names.empty())
    reader.refuse("from",
                  "name the classes that it leads to: either a 'list' or 'names' beside it");
}

void read_fields(ConfigReader& reader, DatasetSpec& spec) {
  std::string format;
  reader.require("format", format);
  spec.format = dataset_format_from_name(format);
  reader.require("root", spec.root);
  reader.read("split", spec.split);
  reader.read("images", spec.images);
  reader.read("annotations", spec.annotations);
  reader.read("all_frames", spec.all_frames);
  reader.read("classes", spec.classes);
}

void read_fields(ConfigReader& reader, ReferenceWindow& window) {
  reader.read("first", window.first);
  reader.read("last", window.last, {.low = static_cast<double>(window.first)});
  reader.read("existing_only", window.existing_only);
  reader.read("else_itself", window.else_itself);
  if (window.first == 0 && window.last == 0)
    reader.refuse("last", "a window from 0 to 0 holds no frame but the key frame itself");
}

void read_fields(ConfigReader& reader, ClipWindow& window) {
  reader.require("first", window.first);
  reader.require("last", window.last, Limits{.low = static_cast<double>(window.first)});
  reader.read("frames", window.frames, {.low = 1, .high = 1024});
  reader.read("leave_out_empty", window.leave_out_empty);
  reader.read("cut_at_empty", window.cut_at_empty, {.low = 1});
  if (window.cut_at_empty > 0 && !window.leave_out_empty)
    reader.refuse("cut_at_empty", "frames without an object are kept; set leave_out_empty: true");
}

void read_fields(ConfigReader& reader, LoaderOptions& options) {
  reader.read("batch_size", options.sampler.batch_size, {.low = 1});
  reader.read("shuffle", options.sampler.shuffle);
  reader.read("last_batch", options.sampler.last_batch,
              {{"drop", LastBatch::kDrop}, {"keep", LastBatch::kKeep}, {"fill", LastBatch::kFill}});
  reader.read("workers", options.workers, {.low = 0});
  reader.read("prefetch", options.prefetch, {.low = 1});
  reader.read("max_skipped", options.max_skipped, {.low = 0});
  reader.read("group_by_aspect", options.group_by_aspect);
  reader.read("least_width", options.collate.least.width, {.low = 0, .high = 1 << 20});
  reader.read("least_height", options.collate.least.height, {.low = 0, .high = 1 << 20});
  reader.read("divisor", options.collate.divisor, {.low = 1});
  reader.read("semantic_padding", options.collate.semantic_padding);
  reader.read("pad_first", options.collate.normalize.pad_first);
  reader.read("border", options.collate.normalize.border);
  reader.read("blue_first", options.collate.normalize.blue_first);
  reader.read("mean", options.collate.normalize.mean);
  reader.read("std", options.collate.normalize.std);
}

void read_fields(ConfigReader& reader, ClipsConfig& config) {
  reader.require("dataset", config.dataset);
  reader.require("pipeline", config.pipeline);
  reader.read("references", config.references);
  reader.read("clip", config.clip);
  if (config.references && config.clip)
    reader.refuse("clip", "'references' names the other frames already; keep one of the two");
}

void read_fields(ConfigReader& reader, MixConfig::Part& part) {
  reader.require("share", part.share, Limits{.low = 0, .high = 1});
  read_fields(reader, static_cast<ClipsConfig&>(part));
}

void read_fields(ConfigReader& reader, MixConfig& config) {
  reader.require("samples", config.samples, Limits{.low = 1});
  reader.require("parts", config.parts);
  double sum = 0;
  for (const MixConfig::Part& part : config.parts) sum += part.share;
  if (std::abs(sum - 1) > 1e-6)
    reader.refuse("parts", fmt::format("their shares add up to {}, expected 1", sum));
}

void read_fields(ConfigReader& reader, DataConfig& config) {
  reader.read("mix", config.mix);
  if (config.mix) {
    std::optional<DatasetSpec> other;
    reader.read("dataset", other);
    if (other) reader.refuse("mix", "'dataset' names the data already; keep one of the two");
  } else {
    read_fields(reader, static_cast<ClipsConfig&>(config));
  }
  reader.read("loader", config.loader);
}

}  // namespace tessera
