#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string_view>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/core/thread_pool.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/mots.h"
#include "tessera/metrics/view_observer.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr int kIgnoreClass = 10;

struct ClassEntry {
  int id;
  std::string name;
};

struct SequenceEntry {
  std::string name;
  int frames = 0;
  fs::path truth, prediction;
};

struct MotsData {
  std::vector<ClassEntry> classes;
  int first_frame = 0;  ///< the number of a sequence's first frame
  std::vector<SequenceEntry> sequences;
};

/// A line of the text format: frame id class height width mask.
struct Line {
  int frame = 0;
  std::int64_t id = 0;
  int category = 0;
  Rle mask;
};

template <class T>
T parse_number(std::string_view text, const char* what) {
  T value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    fail("{} is '{}', a whole number was expected", what, text);
  return value;
}

Line parse_line(const std::string& text) {
  std::istringstream words(text);
  std::string frame, id, category, height, width, mask, more;
  if (!(words >> frame >> id >> category >> height >> width >> mask) || words >> more)
    fail("expected 'frame id class height width mask'");
  Line line;
  line.frame = parse_number<int>(frame, "the frame");
  line.id = parse_number<std::int64_t>(id, "the id");
  line.category = parse_number<int>(category, "the class");
  const Size size{parse_number<int>(width, "the width"), parse_number<int>(height, "the height")};
  if (size.width <= 0 || size.height <= 0) fail("a picture of {}", to_string(size));
  line.mask = rle_from_string(mask, size);
  return line;
}

/// What stands in one frame of one file.
struct FrameLines {
  std::map<int, std::vector<MotsObject>> objects;  ///< by class
  std::vector<Rle> ignored;
  std::set<std::int64_t> ids;
  Rle covered;  ///< union of all masks
};

void add_line(Line line, const MotsData& data, bool truth, FrameLines& frame) {
  const bool ignored = line.category == kIgnoreClass;
  const bool known = std::any_of(data.classes.begin(), data.classes.end(),
                                 [&](const ClassEntry& c) { return c.id == line.category; });
  // The official sets have car (1) and pedestrian (2) in every file, whichever are evaluated.
  if (!known && line.category != 1 && line.category != 2 && !(ignored && truth))
    fail("class {} is unknown", line.category);
  if (!ignored && !frame.ids.insert(line.id).second)
    fail("id {} stands twice in frame {}", line.id, line.frame);
  if (frame.covered.counts.empty()) {
    frame.covered = line.mask;
  } else {
    if (rle_intersection_area(frame.covered, line.mask) > 0)
      fail("the mask of id {} overlaps another one in frame {}", line.id, line.frame);
    const Rle both[] = {frame.covered, line.mask};
    frame.covered = rle_union(both);
  }
  if (ignored)
    frame.ignored.push_back(std::move(line.mask));
  else
    frame.objects[line.category].push_back({line.id, std::move(line.mask)});
}

std::vector<FrameLines> read_lines(const fs::path& path, const SequenceEntry& sequence,
                                   const MotsData& data, bool truth) {
  std::vector<FrameLines> frames(static_cast<std::size_t>(sequence.frames));
  std::istringstream lines(read_text_file(path));
  int number = 0;
  for (std::string text; std::getline(lines, text);) {
    ++number;
    if (text.find_first_not_of(" \r\t") == std::string::npos) continue;
    with_context(fmt::format("{}:{}", path.string(), number), [&] {
      Line line = parse_line(text);
      const int index = line.frame - data.first_frame;
      if (index < 0 || index >= sequence.frames)
        fail("frame {} is outside the sequence, which has {} frames from {}", line.frame,
             sequence.frames, data.first_frame);
      add_line(std::move(line), data, truth, frames[static_cast<std::size_t>(index)]);
    });
  }
  return frames;
}

std::vector<std::string> read_words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> text_lines(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream stream(read_text_file(path));
  for (std::string line; std::getline(stream, line);)
    if (!read_words(line).empty()) lines.push_back(line);
  return lines;
}

/// KITTI MOTS: evaluate_mots.seqmap.val, `SSSS empty 000000 LAST`; files in label_02/ (TrackEval's
/// tree) or instances_txt/ (the dataset's own).
void list_kitti(const EvalOptions& options, MotsData& data) {
  data.classes = {{1, "car"}, {2, "pedestrian"}};
  const fs::path map = options.gt / "evaluate_mots.seqmap.val";
  const fs::path labels =
      options.gt / (fs::is_directory(options.gt / "label_02") ? "label_02" : "instances_txt");
  for (const std::string& line : text_lines(map)) {
    const std::vector<std::string> words = read_words(line);
    if (words.size() != 4)
      fail("{}: '{}': expected 'sequence empty first last'", map.string(), line);
    const int last =
        with_context(map.string(), [&] { return parse_number<int>(words[3], "the last frame"); });
    data.sequences.push_back({words[0], last + 1, labels / (words[0] + ".txt"), {}});
  }
}

int read_sequence_length(const fs::path& path) {
  for (const std::string& line : text_lines(path)) {
    constexpr std::string_view kKey = "seqLength=";
    if (!line.starts_with(kKey)) continue;
    const std::string value = read_words(line.substr(kKey.size())).at(0);
    return with_context(path.string(), [&] { return parse_number<int>(value, "seqLength"); });
  }
  fail("{}: there is no seqLength", path.string());
}

/// MOTS Challenge: seqmaps/MOTS-train.txt with a title line; SEQ/gt/gt.txt and SEQ/seqinfo.ini.
void list_challenge(const EvalOptions& options, MotsData& data) {
  data.classes = {{2, "pedestrian"}};
  data.first_frame = 1;
  const std::vector<std::string> lines = text_lines(options.gt / "seqmaps" / "MOTS-train.txt");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string name = read_words(lines[i])[0];
    data.sequences.push_back({name,
                              read_sequence_length(options.gt / name / "seqinfo.ini"),
                              options.gt / name / "gt" / "gt.txt",
                              {}});
  }
}

void find_predictions(const fs::path& folder, MotsData& data) {
  std::vector<std::string> missing;
  std::error_code code;
  for (SequenceEntry& sequence : data.sequences) {
    sequence.prediction = folder / (sequence.name + ".txt");
    if (!fs::exists(sequence.prediction, code)) missing.push_back(sequence.name + ".txt");
  }
  if (!missing.empty())
    fail("{}: {} of {} prediction files are missing: {}", folder.string(), missing.size(),
         data.sequences.size(), summarize(missing));
  std::vector<fs::path> known;
  for (const SequenceEntry& sequence : data.sequences) known.push_back(sequence.prediction);
  warn_of_extra_files(folder, ".txt", known);
}

std::vector<MotsScores> score_sequence(const SequenceEntry& sequence, const MotsData& data) {
  const std::vector<FrameLines> truth = read_lines(sequence.truth, sequence, data, true);
  const std::vector<FrameLines> found = read_lines(sequence.prediction, sequence, data, false);
  std::vector<MotsScores> scores;
  for (const ClassEntry& entry : data.classes) {
    std::vector<MotsFrame> frames;
    for (std::size_t t = 0; t < truth.size(); ++t) {
      const auto of_class = [&](const FrameLines& lines) {
        const auto objects = lines.objects.find(entry.id);
        return objects == lines.objects.end() ? std::vector<MotsObject>() : objects->second;
      };
      const Rle ignored = truth[t].ignored.empty() ? Rle() : rle_union(std::span(truth[t].ignored));
      with_context(
          fmt::format("{}, frame {}", sequence.prediction.string(),
                      static_cast<int>(t) + data.first_frame),
          [&] {
            frames.push_back(compare_frame(of_class(truth[t]), of_class(found[t]), ignored));
          });
    }
    scores.push_back(score_tracks(frames));
  }
  return scores;
}

/// The evaluated classes. Ids move up by one: views keep 0 for what is not judged.
PanopticMap paint_lines(const FrameLines& lines, const MotsData& data, Size size) {
  std::vector<PaintedObject> objects;
  for (const Rle& ignored : lines.ignored) objects.push_back({&ignored, 0, 0});
  for (const ClassEntry& entry : data.classes) {
    const auto found = lines.objects.find(entry.id);
    if (found == lines.objects.end()) continue;
    for (const MotsObject& object : found->second)
      objects.push_back({&object.mask, static_cast<std::uint32_t>(object.id + 1), entry.id});
  }
  return paint_objects(size, objects);
}

void observe_sequence(const EvalOptions& options, const SequenceEntry& sequence,
                      const MotsData& data) {
  struct Lines {
    std::vector<FrameLines> truth, found;
  };
  const auto lines =
      std::make_shared<const Lines>(Lines{read_lines(sequence.truth, sequence, data, true),
                                          read_lines(sequence.prediction, sequence, data, false)});
  Size size;
  for (const auto* side : {&lines->truth, &lines->found})
    for (const FrameLines& frame : *side)
      if (!frame.covered.counts.empty()) size = frame.covered.size;
  if (size == Size{}) return;  // neither side has a single mask
  observe_views(
      options, sequence.name, lines->truth.size(),
      [lines, data, size](std::size_t frame) {
        return FrameView{fmt::format("{:06}", static_cast<int>(frame) + data.first_frame),
                         paint_lines(lines->truth[frame], data, size),
                         paint_lines(lines->found[frame], data, size), false};
      },
      [&](const Segment& object) {
        const auto entry =
            std::find_if(data.classes.begin(), data.classes.end(),
                         [&](const ClassEntry& c) { return c.id == object.category; });
        return fmt::format("{} {}", entry->name, object.id - 1);
      });
}

EvalResult evaluate_mots(const EvalOptions& options) {
  MotsData data;
  if (options.variant == "mots-challenge")
    list_challenge(options, data);
  else
    list_kitti(options, data);
  if (data.sequences.empty()) fail("{}: the list of sequences is empty", options.gt.string());
  for (const SequenceEntry& sequence : data.sequences)
    if (sequence.frames <= 0) fail("sequence {} has no frames", sequence.name);
  find_predictions(options.pred, data);

  std::vector<std::string> classes, names;
  for (const ClassEntry& entry : data.classes) classes.push_back(entry.name);
  for (const SequenceEntry& sequence : data.sequences) names.push_back(sequence.name);
  auto metric = std::make_unique<MotsMetric>(classes);
  std::mutex mutex;
  parallel_for(data.sequences.size(), options.threads, [&](std::size_t i, int) {
    if (!options.shard.takes(i)) return;
    std::vector<MotsScores> scores = score_sequence(data.sequences[i], data);
    const std::lock_guard lock(mutex);
    metric->add(i, names[i], std::move(scores));
  });
  if (is_observed(options))
    for (std::size_t i = 0; i < data.sequences.size(); ++i)
      if (options.shard.takes(i)) observe_sequence(options, data.sequences[i], data);
  return {std::move(metric), dataset_fingerprint(names)};
}

}  // namespace

MetricKind mots_kind() {
  return {"mots",
          "Multi-object tracking and segmentation: HOTA, sMOTSA, MOTSA, MOTSP, IDF1",
          "tessera eval mots --gt kitti_mots --pred results --variant kitti-mots",
          {{"kitti-mots", "KITTI MOTS: cars and pedestrians, frames from 0"},
           {"mots-challenge", "MOTS Challenge: pedestrians, frames from 1"}},
          evaluate_mots,
          MotsMetric::restore};
}

}  // namespace tessera
