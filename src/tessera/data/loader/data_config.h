#pragma once

#include <optional>

#include "tessera/core/config.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/loader/loader.h"

namespace tessera {

/// Where training samples come from, as a configuration says it; docs/data-pipeline.md lists the
/// keys.
struct DataConfig {
  DatasetSpec dataset;
  Pipeline pipeline;
  std::optional<ReferenceWindow> references;
  std::optional<ClipWindow> clip;
  LoaderOptions loader;
};

void read_fields(ConfigReader& reader, DatasetSpec& spec);
void read_fields(ConfigReader& reader, ReferenceWindow& window);
void read_fields(ConfigReader& reader, ClipWindow& window);
void read_fields(ConfigReader& reader, LoaderOptions& options);
void read_fields(ConfigReader& reader, DataConfig& config);

}  // namespace tessera
