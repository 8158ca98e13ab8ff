#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "tessera/image/id_runs.h"

namespace tessera {

/// How many pixels have the value `gt` in the ground truth and `pred` in the prediction.
struct PairCount {
  std::uint32_t gt = 0, pred = 0;
  std::int64_t count = 0;
  friend bool operator==(const PairCount&, const PairCount&) = default;
};

/// The pairs that occur, sorted by (gt, pred), each once. All that PQ, VPQ, STQ and mIoU need to
/// know about a frame.
using PairTable = std::vector<PairCount>;

/// Counts the pairs of two pictures in one pass over their runs. Keeps its memory between calls:
/// one object a thread.
class PairCounter {
 public:
  PairCounter();
  /// Error when the sizes differ.
  PairTable count(const IdRuns& gt, const IdRuns& pred);
  PairTable count(const IdMap& gt, const IdMap& pred);

 private:
  void add(std::uint32_t gt, std::uint32_t pred, std::int64_t count);
  void grow();

  std::vector<PairCount> slots_;  ///< open addressing; count 0 marks a free slot
  std::vector<std::uint32_t> used_;
};

/// The table with its values replaced; pairs that become equal are added up.
PairTable map_values(const PairTable& table, const std::function<std::uint32_t(std::uint32_t)>& gt,
                     const std::function<std::uint32_t(std::uint32_t)>& pred);

/// The counts of both tables.
PairTable add_tables(const PairTable& a, const PairTable& b);

}  // namespace tessera
