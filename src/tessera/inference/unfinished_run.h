#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "tessera/image/image.h"

namespace tessera {

/// How far a prediction of videos has come.
struct RunPosition {
  std::size_t video = 0;
  std::size_t frame = 0;  ///< that comes next
  Size size = {};         ///< of this video's frames
  std::string state;      ///< file with the predictor's state; empty at a video's start
};

/// A folder of results in the making: `out`.partial until finish() renames it. What it holds
/// outlives the process.
class UnfinishedRun {
 public:
  /// Goes on with a folder that the same `run` has left. Fails where another one has, or where
  /// `out` holds something, unless `replace` is set.
  UnfinishedRun(std::filesystem::path out, std::string run, bool replace);

  const std::filesystem::path& folder() const { return folder_; }
  const RunPosition& position() const { return position_; }
  bool resumed() const { return resumed_; }

  /// A name for the state of the next save().
  std::filesystem::path next_state() const;
  /// Everything before `position` is on disk.
  void save(const RunPosition& position);
  void finish();

 private:
  std::filesystem::path list_path() const { return folder_ / "unfinished.json"; }
  void load();

  std::filesystem::path out_, folder_;
  std::string run_;
  bool replace_, resumed_ = false;
  RunPosition position_;
  int saves_ = 0;
};

}  // namespace tessera
