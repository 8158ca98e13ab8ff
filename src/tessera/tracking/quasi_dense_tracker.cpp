#include "tessera/tracking/quasi_dense_tracker.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Similarities of detections (rows) and what is remembered (columns).
struct Grid {
  std::size_t rows, columns;
  std::vector<float> values;
  float& at(std::size_t row, std::size_t column) { return values[row * columns + column]; }
  float at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
  struct Cell {
    std::size_t column;
    float similarity;
  };
  /// The first of a row's highest values.
  Cell highest(std::size_t row) const {
    const auto begin = values.begin() + static_cast<long>(row * columns);
    const auto best = std::max_element(begin, begin + static_cast<long>(columns));
    return {static_cast<std::size_t>(best - begin), *best};
  }
};

/// A remembered object.
struct Memory {
  std::int64_t id;  ///< TrackMatches::kUntracked for backdrops
  int label;
  TrackBox box;
  const std::vector<float>* embedding;
};

/// Where a track's box is by now if it goes on as it has moved.
TrackBox moved_box(const QuasiDenseTracker::Track& track, int frame) {
  const auto frames = static_cast<float>(frame - track.last_frame);
  const float x = frames * track.motion_x, y = frames * track.motion_y;
  const TrackBox& box = track.box;
  return {box.left + x, box.top + y, box.right + x, box.bottom + y};
}

/// Takes a detection's place up, and half of how it got there.
void move_to(QuasiDenseTracker::Track& track, const TrackBox& box, int frame) {
  constexpr float kNewest = 0.5F;
  const float frames = static_cast<float>(std::max(1, frame - track.last_frame));
  const TrackBox& last = track.box;
  const float x = (box.left + box.right - last.left - last.right) / 2 / frames;
  const float y = (box.top + box.bottom - last.top - last.bottom) / 2 / frames;
  track.motion_x += kNewest * (x - track.motion_x);
  track.motion_y += kNewest * (y - track.motion_y);
  track.box = box;
}

float dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

float norm(const std::vector<float>& a) {
  constexpr float kLeast = 1e-12F;
  return std::max(std::sqrt(dot(a, a)), kLeast);
}

/// Softmax over `count` values that lie `step` apart, added to `sums` with a weight.
void add_softmax(const float* values, std::size_t count, std::size_t step, float weight,
                 float* sums) {
  float highest = values[0];
  for (std::size_t i = 1; i < count; ++i) highest = std::max(highest, values[i * step]);
  float total = 0;
  for (std::size_t i = 0; i < count; ++i) total += std::exp(values[i * step] - highest);
  for (std::size_t i = 0; i < count; ++i)
    sums[i * step] += weight * std::exp(values[i * step] - highest) / total;
}

Grid compare_embeddings(std::span<const TrackedDetection> detections,
                        const std::vector<std::size_t>& kept, const std::vector<Memory>& memory,
                        const QuasiDenseTrackerOptions& options) {
  using Similarity = QuasiDenseTrackerOptions::Similarity;
  Grid products{kept.size(), memory.size(), std::vector<float>(kept.size() * memory.size())};
  for (std::size_t row = 0; row < kept.size(); ++row) {
    const auto& embedding = detections[kept[row]].embedding;
    for (std::size_t column = 0; column < memory.size(); ++column) {
      float value = dot(embedding, *memory[column].embedding);
      if (options.similarity == Similarity::kCosine)
        value /= norm(embedding) * norm(*memory[column].embedding);
      products.at(row, column) = value;
    }
  }
  if (options.similarity == Similarity::kCosine) return products;
  Grid similarities{products.rows, products.columns, std::vector<float>(products.values.size())};
  const bool both = options.similarity == Similarity::kBisoftmax;
  for (std::size_t row = 0; row < products.rows; ++row)
    add_softmax(&products.at(row, 0), products.columns, 1, both ? 0.5F : 1.0F,
                &similarities.at(row, 0));
  for (std::size_t column = 0; both && column < products.columns; ++column)
    add_softmax(&products.at(0, column), products.rows, products.columns, 0.5F,
                &similarities.at(0, column));
  return similarities;
}

Grid compare(std::span<const TrackedDetection> detections, const std::vector<std::size_t>& kept,
             const std::vector<Memory>& memory, const QuasiDenseTrackerOptions& options) {
  Grid similarities = compare_embeddings(detections, kept, memory, options);
  for (std::size_t row = 0; row < kept.size(); ++row) {
    const TrackedDetection& detection = detections[kept[row]];
    for (std::size_t column = 0; column < memory.size(); ++column) {
      float& similarity = similarities.at(row, column);
      if (options.same_class && memory[column].label != detection.label)
        similarity = 0;
      else if (options.overlap_weight > 0)
        similarity += options.overlap_weight * box_overlap(detection.box, memory[column].box);
    }
  }
  return similarities;
}

}  // namespace

float box_overlap(const TrackBox& a, const TrackBox& b) {
  constexpr float kLeastUnion = 1e-6F;
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float both = std::max(width, 0.0F) * std::max(height, 0.0F);
  const float area_a = (a.right - a.left) * (a.bottom - a.top);
  const float area_b = (b.right - b.left) * (b.bottom - b.top);
  return both / std::max(area_a + area_b - both, kLeastUnion);
}

std::vector<std::size_t> QuasiDenseTracker::without_duplicates(
    std::span<const TrackedDetection> detections) const {
  std::vector<std::size_t> order(detections.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return detections[a].score > detections[b].score;
  });
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const TrackedDetection& detection = detections[order[i]];
    const float most = detection.score < options_.known_track_score ? options_.backdrop_overlap
                                                                    : options_.duplicate_overlap;
    // Duplicates of duplicates are dropped too.
    const bool duplicate =
        std::any_of(order.begin(), order.begin() + static_cast<long>(i), [&](std::size_t earlier) {
          return box_overlap(detection.box, detections[earlier].box) > most;
        });
    if (!duplicate) kept.push_back(order[i]);
  }
  return kept;
}

void QuasiDenseTracker::assign(std::span<const TrackedDetection> detections, TrackMatches& matches,
                               int frame) const {
  std::vector<Memory> memory;
  for (const Track& track : tracks_)
    memory.push_back({track.id, track.label,
                      options_.move_boxes ? moved_box(track, frame) : track.box, &track.embedding});
  for (const auto& backdrop : backdrops_)
    for (const TrackedDetection& waiting : backdrop)
      memory.push_back({TrackMatches::kUntracked, waiting.label, waiting.box, &waiting.embedding});
  Grid similarities = compare(detections, matches.kept, memory, options_);
  std::vector<std::size_t> waiting(similarities.rows);
  std::iota(waiting.begin(), waiting.end(), std::size_t{0});
  while (!waiting.empty()) {
    const auto next = options_.best_pairs_first
                          ? std::max_element(waiting.begin(), waiting.end(),
                                             [&](std::size_t a, std::size_t b) {
                                               return similarities.highest(a).similarity <
                                                      similarities.highest(b).similarity;
                                             })
                          : waiting.begin();
    const std::size_t row = *next;
    waiting.erase(next);
    const auto [column, similarity] = similarities.highest(row);
    if (similarity <= options_.match_similarity || memory[column].id < 0) continue;
    if (detections[matches.kept[row]].score > options_.known_track_score) {
      matches.ids[row] = memory[column].id;
      for (const std::size_t other : waiting) similarities.at(other, column) = 0;
    } else if (similarity > options_.weak_match_similarity) {
      matches.ids[row] = TrackMatches::kWeak;
    }
  }
}

void QuasiDenseTracker::remember(std::span<const TrackedDetection> detections,
                                 const TrackMatches& matches, int frame) {
  std::vector<TrackedDetection> backdrop;
  for (std::size_t i = 0; i < matches.kept.size(); ++i) {
    const TrackedDetection& detection = detections[matches.kept[i]];
    const std::int64_t id = matches.ids[i];
    const auto known = std::find_if(tracks_.begin(), tracks_.end(),
                                    [&](const Track& track) { return track.id == id; });
    if (known != tracks_.end()) {
      for (std::size_t c = 0; c < known->embedding.size(); ++c)
        known->embedding[c] = (1 - options_.momentum) * known->embedding[c] +
                              options_.momentum * detection.embedding[c];
      move_to(*known, detection.box, frame);
      known->score = detection.score;
      known->label = detection.label;
      known->last_frame = frame;
    } else if (id >= 0) {
      tracks_.push_back(
          {id, detection.box, detection.score, detection.label, frame, detection.embedding});
    } else if (id == TrackMatches::kUntracked) {
      const bool hidden = std::any_of(
          matches.kept.begin(), matches.kept.begin() + static_cast<long>(i), [&](std::size_t k) {
            return box_overlap(detection.box, detections[k].box) > options_.backdrop_overlap;
          });
      if (!hidden) backdrop.push_back(detection);
    }
  }
  backdrops_.push_front(std::move(backdrop));
  std::erase_if(tracks_, [&](const Track& track) {
    return frame - track.last_frame >= options_.track_memory;
  });
  while (backdrops_.size() > static_cast<std::size_t>(options_.backdrop_memory))
    backdrops_.pop_back();
}

TrackMatches QuasiDenseTracker::match(std::span<const TrackedDetection> detections, int frame) {
  const auto size = detections.empty() ? 0 : detections.front().embedding.size();
  for (const TrackedDetection& detection : detections)
    if (detection.embedding.size() != size)
      fail("embeddings of {} and {} numbers can't be compared", size, detection.embedding.size());
  TrackMatches matches;
  matches.kept = without_duplicates(detections);
  matches.ids.assign(matches.kept.size(), TrackMatches::kUntracked);
  if (!tracks_.empty() && !matches.kept.empty()) assign(detections, matches, frame);
  for (std::size_t i = 0; i < matches.kept.size(); ++i)
    if (matches.ids[i] == TrackMatches::kUntracked &&
        detections[matches.kept[i]].score > options_.new_track_score)
      matches.ids[i] = next_id_++;
  remember(detections, matches, frame);
  return matches;
}

void QuasiDenseTracker::restore(State state) {
  tracks_ = std::move(state.tracks);
  backdrops_ = std::move(state.backdrops);
  next_id_ = state.next_id;
}

}  // namespace tessera
