#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/loader/loader.h"

namespace tessera {

/// A dataset, which of its frames make a clip, and what clips go through.
struct ClipsConfig {
  DatasetSpec dataset;
  Pipeline pipeline;
  std::optional<ReferenceWindow> references;
  std::optional<ClipWindow> clip;
};

/// Several datasets in one epoch.
struct MixConfig {
  struct Part : ClipsConfig {
    double share = 1;  ///< of the samples
  };
  std::int64_t samples = 1;  ///< of an epoch
  std::vector<Part> parts;
};

/// Where training samples come from, as a configuration says it; docs/data-pipeline.md lists the
/// keys.
struct DataConfig : ClipsConfig {
  std::optional<MixConfig> mix;  ///< instead of the one dataset
  LoaderOptions loader;
};

/// The clips of a configuration with the datasets that they come from.
struct OpenedClips {
  std::vector<std::unique_ptr<Dataset>> datasets;
  std::unique_ptr<ClipSource> clips;
};
OpenedClips open_clips(const DataConfig& config);

void read_fields(ConfigReader& reader, ClassMapping& mapping);
void read_fields(ConfigReader& reader, DatasetSpec& spec);
void read_fields(ConfigReader& reader, ReferenceWindow& window);
void read_fields(ConfigReader& reader, ClipWindow& window);
void read_fields(ConfigReader& reader, ClipsConfig& config);
void read_fields(ConfigReader& reader, MixConfig::Part& part);
void read_fields(ConfigReader& reader, MixConfig& config);
void read_fields(ConfigReader& reader, LoaderOptions& options);
void read_fields(ConfigReader& reader, DataConfig& config);

}  // namespace tessera
