#pragma once

#include <string>
#include <vector>

#include "tessera/data/inspect/inspect_split.h"

namespace tessera {

/// What inspecting a dataset found, for people: how much there is, a table of its classes, a line
/// for every kind of problem.
std::string dataset_report_text(const std::vector<SplitInspection>& splits);

/// The same for programs, with every problem.
std::string dataset_report_json(const std::vector<SplitInspection>& splits);

/// "kitti-step val"; the format alone where there is one split without a name.
std::string name_of(const DatasetSpec& spec);
/// "2 sequences of 20 frames, 40 pictures of 1248x384".
std::string describe_amount(const SplitInspection& split);

/// The classes that occur, the one with the most pixels first.
std::vector<std::size_t> classes_by_pixels(const SplitInspection& split);
/// A class's part of all labelled pixels.
double pixel_share(const SplitInspection& split, std::size_t category);

}  // namespace tessera
