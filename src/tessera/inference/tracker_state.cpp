#include "tessera/inference/tracker_state.h"

#include <torch/torch.h>

#include <string_view>

#include "tessera/core/error.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

/// Rows of numbers that become a matrix.
class Rows {
 public:
  void add(std::vector<double> row) {
    columns_ = static_cast<std::int64_t>(row.size());
    values_.insert(values_.end(), row.begin(), row.end());
    ++rows_;
  }
  TensorView tensor() const {
    return from_torch(torch::tensor(values_, torch::kFloat64).view({rows_, columns_}));
  }

 private:
  std::vector<double> values_;
  std::int64_t rows_ = 0, columns_ = 0;
};

std::vector<double> object_row(const TrackBox& box, float score, int label,
                               const std::vector<float>& embedding) {
  std::vector<double> row = {box.left,   box.top, box.right,
                             box.bottom, score,   static_cast<double>(label)};
  row.insert(row.end(), embedding.begin(), embedding.end());
  return row;
}

constexpr std::int64_t kObjectNumbers = 6;

TrackedDetection object_of(const double* row, std::int64_t columns) {
  TrackedDetection object;
  object.box = {static_cast<float>(row[0]), static_cast<float>(row[1]), static_cast<float>(row[2]),
                static_cast<float>(row[3])};
  object.score = static_cast<float>(row[4]);
  object.label = static_cast<int>(row[5]);
  for (std::int64_t c = kObjectNumbers; c < columns; ++c)
    object.embedding.push_back(static_cast<float>(row[c]));
  return object;
}

torch::Tensor matrix(const NamedTensors& tensors, std::string_view name) {
  for (const auto& [key, view] : tensors)
    if (key == name) return to_torch(view).to(torch::kFloat64).contiguous();
  fail("the state has no '{}'", name);
}

}  // namespace

NamedTensors tracker_tensors(const QuasiDenseTracker::State& state) {
  Rows tracks, identities, backdrops, counts;
  for (const auto& track : state.tracks) {
    tracks.add(object_row(track.box, track.score, track.label, track.embedding));
    identities.add({static_cast<double>(track.id), static_cast<double>(track.last_frame),
                    track.motion_x, track.motion_y});
  }
  for (const auto& backdrop : state.backdrops) {
    counts.add({static_cast<double>(backdrop.size())});
    for (const auto& object : backdrop)
      backdrops.add(object_row(object.box, object.score, object.label, object.embedding));
  }
  Rows next;
  next.add({static_cast<double>(state.next_id)});
  return {{"track_objects", tracks.tensor()},
          {"track_identities", identities.tensor()},
          {"backdrop_objects", backdrops.tensor()},
          {"backdrop_counts", counts.tensor()},
          {"next_track", next.tensor()}};
}

QuasiDenseTracker::State tracker_state(const NamedTensors& tensors) {
  QuasiDenseTracker::State state;
  const auto tracks = matrix(tensors, "track_objects");
  const auto identities = matrix(tensors, "track_identities");
  const auto backdrops = matrix(tensors, "backdrop_objects");
  const auto counts = matrix(tensors, "backdrop_counts");
  if (tracks.size(0) > 0 && identities.size(1) != 4)
    fail("the state of the tracks is of an earlier version; start again with --force");
  for (std::int64_t t = 0; t < tracks.size(0); ++t) {
    TrackedDetection object = object_of(tracks[t].data_ptr<double>(), tracks.size(1));
    const auto* identity = identities[t].data_ptr<double>();
    state.tracks.push_back({static_cast<std::int64_t>(identity[0]), object.box, object.score,
                            object.label, static_cast<int>(identity[1]),
                            std::move(object.embedding), static_cast<float>(identity[2]),
                            static_cast<float>(identity[3])});
  }
  std::int64_t next = 0;
  for (std::int64_t f = 0; f < counts.size(0); ++f) {
    state.backdrops.emplace_back();
    for (double left = counts[f].item<double>(); left > 0; --left, ++next)
      state.backdrops.back().push_back(
          object_of(backdrops[next].data_ptr<double>(), backdrops.size(1)));
  }
  state.next_id = matrix(tensors, "next_track").item<std::int64_t>();
  return state;
}

}  // namespace tessera
