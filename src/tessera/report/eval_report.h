#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/metrics/metric.h"

/// The page that `tessera eval --report DIR` writes.
namespace tessera {

/// Keeps the few items that come first in an order while many are seen.
template <class T>
class FirstFew {
 public:
  using Before = std::function<bool(const T&, const T&)>;
  FirstFew(std::size_t keep, Before before) : keep_(keep), before_(std::move(before)) {}

  void add(const T& item) {
    items_.insert(std::upper_bound(items_.begin(), items_.end(), item, before_), item);
    if (items_.size() > keep_) items_.pop_back();
  }
  const std::vector<T>& items() const { return items_; }

 private:
  std::size_t keep_;
  Before before_;
  std::vector<T> items_;
};

/// Remembers the frames and tracks that a report shows.
class WorstJudged {
 public:
  WorstJudged();

  void add(const FrameQuality& frame);
  void add(const TrackQuality& track);

  /// Of the lowest quality; perfect ones and those with nothing to be judged are left out.
  const std::vector<FrameQuality>& frames() const { return frames_.items(); }
  /// Of the lowest association, the largest first among equals; perfect ones are left out.
  const std::vector<TrackQuality>& lost_tracks() const { return lost_.items(); }
  /// Of the most switches of identity; at least one.
  const std::vector<TrackQuality>& switched_tracks() const { return switched_.items(); }

 private:
  FirstFew<FrameQuality> frames_;
  FirstFew<TrackQuality> lost_, switched_;
};

/// Whether a report may be written to this folder: it is absent, empty, or holds a report. An Error
/// that says what to do otherwise.
void check_report_folder(const std::filesystem::path& folder);

struct EvalPage {
  std::string metric, variant, gt, pred;
};

/// Writes `folder`/index.html: tables with bars, the confusion of classes where the metric knows
/// it, and the worst frames and tracks as pictures. The page needs no other file.
void write_eval_report(const std::filesystem::path& folder, const EvalPage& page,
                       const Report& report, const WorstJudged& worst);

}  // namespace tessera
