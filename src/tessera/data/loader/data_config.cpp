#include "tessera/data/loader/data_config.h"

#include <string>

namespace tessera {

void read_fields(ConfigReader& reader, DatasetSpec& spec) {
  std::string format;
  reader.require("format", format);
  spec.format = dataset_format_from_name(format);
  reader.require("root", spec.root);
  reader.read("split", spec.split);
  reader.read("images", spec.images);
  reader.read("annotations", spec.annotations);
  reader.read("all_frames", spec.all_frames);
}

void read_fields(ConfigReader& reader, ReferenceWindow& window) {
  reader.read("first", window.first);
  reader.read("last", window.last, {.low = static_cast<double>(window.first)});
  reader.read("existing_only", window.existing_only);
  if (window.first == 0 && window.last == 0)
    reader.refuse("last", "a window from 0 to 0 holds no frame but the key frame itself");
}

void read_fields(ConfigReader& reader, ClipWindow& window) {
  reader.require("first", window.first);
  reader.require("last", window.last, Limits{.low = static_cast<double>(window.first)});
  reader.read("frames", window.frames, {.low = 1, .high = 1024});
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
  reader.read("blue_first", options.collate.normalize.blue_first);
  reader.read("mean", options.collate.normalize.mean);
  reader.read("std", options.collate.normalize.std);
}

void read_fields(ConfigReader& reader, DataConfig& config) {
  reader.require("dataset", config.dataset);
  reader.require("pipeline", config.pipeline);
  reader.read("references", config.references);
  reader.read("clip", config.clip);
  if (config.references && config.clip)
    reader.refuse("clip", "'references' names the other frames already; keep one of the two");
  reader.read("loader", config.loader);
}

}  // namespace tessera
