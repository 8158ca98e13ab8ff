#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tessera/core/hungarian.h"
#include "tessera/metrics/mots.h"

namespace tessera {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kThreshold = 0.5;

/// Frames with identities numbered from 0.
struct Tracks {
  struct Frame {
    std::vector<int> objects, detections;
    const std::vector<double>* similarity = nullptr;

    double at(std::size_t object, std::size_t detection) const {
      return (*similarity)[object * detections.size() + detection];
    }
  };
  std::vector<Frame> frames;
  int object_ids = 0, detection_ids = 0;
  std::int64_t objects = 0, detections = 0;
  std::vector<double> object_frames, detection_frames;  ///< frames in which each identity shows
};

std::vector<int> renumber(const std::vector<std::int64_t>& ids,
                          std::map<std::int64_t, int>& numbers) {
  std::vector<int> renumbered;
  for (const std::int64_t id : ids) renumbered.push_back(numbers.at(id));
  return renumbered;
}

/// Numbers in the order of the identities.
std::map<std::int64_t, int> number_ids(const std::vector<MotsFrame>& frames,
                                       std::vector<std::int64_t> MotsFrame::*ids) {
  std::map<std::int64_t, int> numbers;
  for (const MotsFrame& frame : frames)
    for (const std::int64_t id : frame.*ids) numbers[id] = 0;
  int next = 0;
  for (auto& [id, number] : numbers) number = next++;
  return numbers;
}

Tracks number_tracks(const std::vector<MotsFrame>& frames) {
  Tracks tracks;
  std::map<std::int64_t, int> objects = number_ids(frames, &MotsFrame::objects);
  std::map<std::int64_t, int> detections = number_ids(frames, &MotsFrame::detections);
  tracks.object_ids = static_cast<int>(objects.size());
  tracks.detection_ids = static_cast<int>(detections.size());
  tracks.object_frames.resize(objects.size());
  tracks.detection_frames.resize(detections.size());
  for (const MotsFrame& frame : frames) {
    tracks.frames.push_back({renumber(frame.objects, objects),
                             renumber(frame.detections, detections), &frame.similarity});
    for (const int id : tracks.frames.back().objects) ++tracks.object_frames[id];
    for (const int id : tracks.frames.back().detections) ++tracks.detection_frames[id];
    tracks.objects += static_cast<std::int64_t>(frame.objects.size());
    tracks.detections += static_cast<std::int64_t>(frame.detections.size());
  }
  return tracks;
}

ClearCounts score_clear(const Tracks& tracks) {
  ClearCounts clear;
  if (tracks.detections == 0) {
    clear.fn = tracks.objects;
    clear.mostly_lost = tracks.object_ids;
    return clear;
  }
  if (tracks.objects == 0) {
    clear.fp = tracks.detections;
    return clear;
  }
  clear.empty = false;
  constexpr int kNobody = -1;
  const auto objects = static_cast<std::size_t>(tracks.object_ids);
  std::vector<int> last(objects, kNobody), previous(objects, kNobody);
  std::vector<std::int64_t> shown(objects), matched(objects), starts(objects);
  for (const Tracks::Frame& frame : tracks.frames) {
    const std::size_t rows = frame.objects.size(), columns = frame.detections.size();
    for (const int id : frame.objects) ++shown[id];
    if (rows == 0 || columns == 0) {
      clear.fp += static_cast<std::int64_t>(columns);
      clear.fn += static_cast<std::int64_t>(rows);
      continue;
    }
    // To go on with the identity of the frame before counts more than any overlap.
    std::vector<double> gains(rows * columns);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j)
        if (frame.at(i, j) >= kThreshold - kEpsilon)
          gains[i * columns + j] =
              frame.at(i, j) + (previous[frame.objects[i]] == frame.detections[j] ? 1000.0 : 0.0);
    const std::vector<int> chosen =
        assign_maximum(gains, static_cast<int>(rows), static_cast<int>(columns));
    std::vector<int> current(objects, kNobody);
    std::int64_t matches = 0;
    double similarity = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      if (chosen[i] < 0 || !(gains[i * columns + chosen[i]] > kEpsilon)) continue;
      const int object = frame.objects[i], detection = frame.detections[chosen[i]];
      ++matches;
      similarity += frame.at(i, static_cast<std::size_t>(chosen[i]));
      clear.id_switches += last[object] != kNobody && last[object] != detection;
      ++matched[object];
      starts[object] += previous[object] == kNobody;
      last[object] = current[object] = detection;
    }
    previous = std::move(current);
    clear.tp += matches;
    clear.fn += static_cast<std::int64_t>(rows) - matches;
    clear.fp += static_cast<std::int64_t>(columns) - matches;
    clear.motp_sum += similarity;
  }
  for (std::size_t i = 0; i < objects; ++i) {
    const double share = static_cast<double>(matched[i]) / static_cast<double>(shown[i]);
    ++(share > 0.8    ? clear.mostly_tracked
       : share >= 0.2 ? clear.partly_tracked
                      : clear.mostly_lost);
    if (starts[i] > 0) clear.fragments += starts[i] - 1;
  }
  clear.frames = static_cast<std::int64_t>(tracks.frames.size());
  return clear;
}

IdentityCounts score_identity(const Tracks& tracks) {
  if (tracks.detections == 0 || tracks.objects == 0) return {0, tracks.objects, tracks.detections};
  const auto rows = static_cast<std::size_t>(tracks.object_ids);
  const auto columns = static_cast<std::size_t>(tracks.detection_ids);
  std::vector<double> together(rows * columns);
  for (const Tracks::Frame& frame : tracks.frames)
    for (std::size_t i = 0; i < frame.objects.size(); ++i)
      for (std::size_t j = 0; j < frame.detections.size(); ++j)
        if (frame.at(i, j) >= kThreshold)
          ++together[static_cast<std::size_t>(frame.objects[i]) * columns + frame.detections[j]];
  // Leaving both of a pair alone costs all of their frames, matching them saves twice those
  // together: the most frames together are the least misses and false positives.
  const std::vector<int> chosen = assign_maximum(together, tracks.object_ids, tracks.detection_ids);
  IdentityCounts identity;
  for (std::size_t i = 0; i < rows; ++i)
    if (chosen[i] >= 0) identity.tp += static_cast<std::int64_t>(together[i * columns + chosen[i]]);
  identity.fn = tracks.objects - identity.tp;
  identity.fp = tracks.detections - identity.tp;
  return identity;
}

/// How well two identities agree over the sequence, before anything is matched: [objects,
/// detections].
std::vector<double> global_alignment(const Tracks& tracks) {
  const auto columns = static_cast<std::size_t>(tracks.detection_ids);
  std::vector<double> alignment(static_cast<std::size_t>(tracks.object_ids) * columns);
  for (const Tracks::Frame& frame : tracks.frames) {
    const std::size_t rows = frame.objects.size(), here = frame.detections.size();
    std::vector<double> row_sums(rows), column_sums(here);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < here; ++j) {
        row_sums[i] += frame.at(i, j);
        column_sums[j] += frame.at(i, j);
      }
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < here; ++j) {
        const double whole = column_sums[j] + row_sums[i] - frame.at(i, j);
        if (whole > kEpsilon)
          alignment[static_cast<std::size_t>(frame.objects[i]) * columns + frame.detections[j]] +=
              frame.at(i, j) / whole;
      }
  }
  for (int i = 0; i < tracks.object_ids; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      double& value = alignment[static_cast<std::size_t>(i) * columns + j];
      value /= tracks.object_frames[i] + tracks.detection_frames[j] - value;
    }
  return alignment;
}

HotaCounts score_hota(const Tracks& tracks) {
  HotaCounts hota;
  if (tracks.detections == 0 || tracks.objects == 0) {
    hota.fn.fill(static_cast<double>(tracks.objects));
    hota.fp.fill(static_cast<double>(tracks.detections));
    hota.loc_a.fill(1.0);
    return hota;
  }
  const auto columns = static_cast<std::size_t>(tracks.detection_ids);
  const std::vector<double> alignment = global_alignment(tracks);
  std::array<std::vector<double>, kHotaAlphas> together;
  together.fill(std::vector<double>(alignment.size()));
  for (const Tracks::Frame& frame : tracks.frames) {
    const std::size_t rows = frame.objects.size(), here = frame.detections.size();
    std::vector<double> gains(rows * here);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < here; ++j)
        gains[i * here + j] =
            alignment[static_cast<std::size_t>(frame.objects[i]) * columns + frame.detections[j]] *
            frame.at(i, j);
    std::vector<int> chosen(rows, -1);
    if (rows > 0 && here > 0)
      chosen = assign_maximum(gains, static_cast<int>(rows), static_cast<int>(here));
    for (int a = 0; a < kHotaAlphas; ++a) {
      double matches = 0, similarity = 0;
      for (std::size_t i = 0; i < rows; ++i) {
        if (chosen[i] < 0) continue;
        const double overlap = frame.at(i, static_cast<std::size_t>(chosen[i]));
        if (overlap < hota_alpha(a) - kEpsilon) continue;
        ++matches;
        similarity += overlap;
        ++together[a][static_cast<std::size_t>(frame.objects[i]) * columns +
                      frame.detections[chosen[i]]];
      }
      hota.tp[a] += matches;
      hota.fn[a] += static_cast<double>(rows) - matches;
      hota.fp[a] += static_cast<double>(here) - matches;
      hota.loc_a[a] += similarity;
    }
  }
  for (int a = 0; a < kHotaAlphas; ++a) {
    for (int i = 0; i < tracks.object_ids; ++i)
      for (std::size_t j = 0; j < columns; ++j) {
        const double count = together[a][static_cast<std::size_t>(i) * columns + j];
        const double object = tracks.object_frames[i], detection = tracks.detection_frames[j];
        hota.ass_a[a] += count * (count / std::max(1.0, object + detection - count));
        hota.ass_re[a] += count * (count / std::max(1.0, object));
        hota.ass_pr[a] += count * (count / std::max(1.0, detection));
      }
    const double tp = std::max(1.0, hota.tp[a]);
    hota.ass_a[a] /= tp;
    hota.ass_re[a] /= tp;
    hota.ass_pr[a] /= tp;
    hota.loc_a[a] = std::max(1e-10, hota.loc_a[a]) / std::max(1e-10, hota.tp[a]);
  }
  return hota;
}

}  // namespace

double hota_alpha(int index) { return 0.05 + index * 0.05; }

MotsFrame compare_frame(const std::vector<MotsObject>& objects,
                        const std::vector<MotsObject>& detections, const Rle& ignored) {
  std::vector<double> all(objects.size() * detections.size());
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (std::size_t j = 0; j < detections.size(); ++j)
      all[i * detections.size() + j] = rle_iou(objects[i].mask, detections[j].mask);

  std::vector<char> keep(detections.size(), 0);
  if (!objects.empty() && !detections.empty()) {
    std::vector<double> gains = all;
    for (double& gain : gains)
      if (gain < kThreshold - kEpsilon) gain = -10000;
    const std::vector<int> chosen = assign_maximum(gains, static_cast<int>(objects.size()),
                                                   static_cast<int>(detections.size()));
    for (std::size_t i = 0; i < objects.size(); ++i)
      if (chosen[i] >= 0 && gains[i * detections.size() + chosen[i]] > kEpsilon)
        keep[static_cast<std::size_t>(chosen[i])] = 1;
  }
  for (std::size_t j = 0; j < detections.size(); ++j)
    if (!keep[j])
      keep[j] = ignored.counts.empty() ||
                !(rle_iou(detections[j].mask, ignored, true) > kThreshold + kEpsilon);

  MotsFrame frame;
  for (const MotsObject& object : objects) frame.objects.push_back(object.id);
  for (std::size_t j = 0; j < detections.size(); ++j)
    if (keep[j]) frame.detections.push_back(detections[j].id);
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (std::size_t j = 0; j < detections.size(); ++j)
      if (keep[j]) frame.similarity.push_back(all[i * detections.size() + j]);
  return frame;
}

MotsScores score_tracks(const std::vector<MotsFrame>& frames) {
  const Tracks tracks = number_tracks(frames);
  MotsScores scores;
  scores.counts = {tracks.detections, tracks.objects, tracks.detection_ids, tracks.object_ids,
                   static_cast<std::int64_t>(frames.size())};
  scores.clear = score_clear(tracks);
  scores.identity = score_identity(tracks);
  scores.hota = score_hota(tracks);
  return scores;
}

}  // namespace tessera
