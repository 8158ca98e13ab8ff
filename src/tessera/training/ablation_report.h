#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/training/ablation.h"

namespace tessera {

/// A split of the data that a configuration validates on.
std::unique_ptr<Dataset> open_split(const Config& config, const std::string& split);

/// What was predicted of a frame.
PanopticMap read_prediction(const std::filesystem::path& predictions, const SequenceInfo& sequence,
                            const FrameInfo& frame, const Dataset& dataset);

/// table.md, table.csv, results.json and report.html: scores as mean and deviation over the seeds,
/// curves of the trainings, a video and the tracks over time of each variant.
void write_ablation_report(const Ablation& ablation, const AblationOptions& options,
                           const std::vector<AblationRun>& runs);

}  // namespace tessera
