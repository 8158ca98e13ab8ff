#include "tessera/report/eval_report.h"

#include <tuple>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/report/html.h"
#include "tessera/report/track_strip.h"
#include "tessera/report/view_drawing.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPageName = "index.html";
// What tells a report from a page of somebody else's.
constexpr const char* kPageTitle = "tessera eval ";
constexpr std::size_t kWorstFrames = 6;
constexpr std::size_t kWorstTracks = 4;
constexpr std::size_t kStripFrames = 8;

bool worse_frame(const FrameQuality& a, const FrameQuality& b) {
  return std::tie(a.quality, a.sequence, a.frame) < std::tie(b.quality, b.sequence, b.frame);
}

bool more_lost(const TrackQuality& a, const TrackQuality& b) {
  if (a.summary.association != b.summary.association)
    return a.summary.association < b.summary.association;
  return a.summary.pixels > b.summary.pixels;
}

bool more_switched(const TrackQuality& a, const TrackQuality& b) {
  if (a.summary.switches.size() != b.summary.switches.size())
    return a.summary.switches.size() > b.summary.switches.size();
  return more_lost(a, b);
}

std::string confusion(const Report& report) {
  if (!report.confusion) return "";
  return html::section(
      "Confusion of classes",
      "Percent of each true class's pixels (line) that are predicted as each class (column).",
      html::confusion_matrix(report.confusion->counts, report.confusion->rows,
                             report.confusion->columns));
}

std::string frame_figure(const FrameQuality& frame) {
  check_interrupt();
  const FrameView view = frame.view();
  ObjectPairs pairs;
  pairs.add(view);
  const Difference difference = draw_difference(view, pairs);
  const std::string name =
      frame.sequence.empty() ? frame.frame : frame.sequence + " / " + frame.frame;
  return html::figure(name,
                      fmt::format("quality {:.1f}, {:.1f} % of the pixels differ",
                                  100 * frame.quality, 100 * difference.wrong),
                      {{"ground truth", draw_truth(view)},
                       {"prediction", draw_prediction(view, pairs)},
                       {"difference", difference.picture}});
}

std::string worst_frames(const std::vector<FrameQuality>& frames) {
  if (frames.empty()) return "";
  std::string figures;
  for (const FrameQuality& frame : frames) figures += frame_figure(frame);
  return html::section(
      "Worst frames",
      "A predicted object has the colour of the true one that it stands for. Difference: <i "
      "class=\"key\" style=\"background:#d62839\"></i> another class, <i class=\"key\" "
      "style=\"background:#f59e0b\"></i> another object of the class, <i class=\"key\" "
      "style=\"background:#dee2e9\"></i> right, <i class=\"key\"></i> not judged.",
      figures);
}

std::string track_figure(const TrackQuality& track) {
  check_interrupt();
  const TrackStrip strip = draw_track(track, kStripFrames);
  std::vector<html::StripColumn> columns;
  for (const TrackStrip::Frame& frame : strip.frames)
    columns.push_back({frame.name, frame.switched, {frame.truth, frame.prediction}});
  const TrackSummary& summary = track.summary;
  return html::strip(
      fmt::format("{} / {}", track.sequence, track.track),
      fmt::format("association {:.1f}, {} {} in {} {}", 100 * summary.association,
                  summary.switches.size(), summary.switches.size() == 1 ? "switch" : "switches",
                  summary.frames.size(), summary.frames.size() == 1 ? "frame" : "frames"),
      {"truth", "prediction"}, columns);
}

std::string tracks(const char* title, const char* text, const std::vector<TrackQuality>& worst) {
  if (worst.empty()) return "";
  std::string figures;
  for (const TrackQuality& track : worst) figures += track_figure(track);
  return html::section(title, text, figures);
}

/// The lost tracks that are not shown as switched ones.
std::vector<TrackQuality> other_lost_tracks(const WorstJudged& worst) {
  std::vector<TrackQuality> others;
  for (const TrackQuality& track : worst.lost_tracks()) {
    const bool shown = std::any_of(
        worst.switched_tracks().begin(), worst.switched_tracks().end(), [&](const auto& other) {
          return other.sequence == track.sequence && other.track == track.track;
        });
    if (!shown && others.size() < kWorstTracks) others.push_back(track);
  }
  return others;
}

}  // namespace

WorstJudged::WorstJudged()
    : frames_(kWorstFrames, worse_frame),
      lost_(2 * kWorstTracks, more_lost),
      switched_(kWorstTracks, more_switched) {}

void WorstJudged::add(const FrameQuality& frame) {
  if (frame.quality < 1) frames_.add(frame);  // and not NaN
}

void WorstJudged::add(const TrackQuality& track) {
  if (!track.summary.switches.empty()) switched_.add(track);
  if (track.summary.association < 1) lost_.add(track);
}

void check_report_folder(const fs::path& folder) {
  std::error_code code;
  if (!fs::exists(folder, code)) return;
  if (!fs::is_directory(folder, code))
    fail("{}: is a file, a folder was expected", folder.string());
  if (fs::is_empty(folder, code)) return;
  const fs::path page = folder / kPageName;
  if (!fs::exists(page, code) || read_text_file(page).find(kPageTitle) == std::string::npos)
    fail("{}: the folder holds something else than a report; name another one", folder.string());
}

void write_eval_report(const fs::path& folder, const EvalPage& page, const Report& report,
                       const WorstJudged& worst) {
  check_report_folder(folder);
  std::string body = html::title(page.metric, page.variant,
                                 {{"ground truth", page.gt}, {"predictions", page.pred}});
  body += html::tiles(report.headline);
  body += html::tables(report.tables);
  body += confusion(report);
  body += worst_frames(worst.frames());
  body += tracks("Tracks with the most switches of identity",
                 "Frames around the switches, which are marked. The outline is the true track's. A "
                 "prediction has the colour of the track that it stands for over these frames.",
                 worst.switched_tracks());
  body += tracks("Other tracks with the lowest association",
                 "How much of the track one predicted track covers, as STQ counts it. The outline "
                 "is the true track's.",
                 other_lost_tracks(worst));
  make_directories(folder);
  write_text_file(folder / kPageName, html::page(kPageTitle + page.metric, body));
}

}  // namespace tessera
