#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/metrics/pair_count.h"

namespace tessera {

/// Which predicted track covers each true one, frame by frame.
class TrackTimeline {
 public:
  /// The pairs of a frame; values are class << 16 | track, track 0 is none.
  void add_frame(const PairTable& pairs);
  std::size_t frames() const { return frames_; }

  /// A row for each of the longest true tracks: coloured by the predicted track that covers more
  /// than half of it, grey where none does. SVG for an HTML page; `name_of` says what class a value
  /// has.
  std::string draw(std::string_view title, const std::vector<std::string>& class_names,
                   std::size_t most_rows = 24) const;

 private:
  struct Row {
    std::vector<std::size_t> frames;
    std::vector<std::uint32_t> predicted;  ///< 0 where nothing covers it
    std::int64_t pixels = 0;
  };
  std::map<std::uint32_t, Row> rows_;
  std::size_t frames_ = 0;
};

}  // namespace tessera
