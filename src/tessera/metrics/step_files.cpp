#include "tessera/metrics/step_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/ordered_frames.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr int kClassShift = 16;
constexpr std::uint32_t kVipSegVoid = 255u << kClassShift;
constexpr int kVipSegClasses = 124;
constexpr int kVipSegLastStuffValue = 128;
constexpr std::array<int, 58> kVipSegThings = {
    2,  4,  8,  10, 41,  43,  44,  46,  47,  48,  49,  50,  51,  52,  54,  55,  56,  60, 61, 62,
    63, 64, 65, 72, 74,  76,  77,  78,  79,  82,  83,  84,  85,  86,  87,  88,  89,  90, 91, 92,
    95, 96, 97, 99, 100, 101, 102, 106, 107, 108, 109, 114, 115, 116, 117, 118, 122, 123};
constexpr int kVipSegStuffClasses = kVipSegClasses - static_cast<int>(kVipSegThings.size());

bool ends_with(const std::string& text, std::string_view tail) { return text.ends_with(tail); }

/// The whole number that the text is.
std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t require_number(std::string_view text, const fs::path& path) {
  if (const auto number = parse_number(text)) return *number;
  fail("{}: expected a number where '{}' stands", path.string(), text);
}

/// A sequence's number, or its name where that is none. Numbers come first, in their order.
struct SequenceName {
  std::optional<std::int64_t> number;
  std::string name;

  explicit SequenceName(std::string_view text)
      : number(parse_number(text)), name(number ? std::to_string(*number) : text) {}
  bool operator<(const SequenceName& other) const {
    if (number && other.number) return *number < *other.number;
    return number.has_value() != other.number.has_value() ? number.has_value() : name < other.name;
  }
};

/// "000002_000005_cat" as (2, 5).
std::pair<SequenceName, std::int64_t> sequence_and_frame(const fs::path& path) {
  const std::string stem = path.stem().string();
  const std::size_t ending = stem.rfind('_');
  const std::size_t middle =
      ending == 0 || ending == stem.npos ? ending : stem.rfind('_', ending - 1);
  if (middle == stem.npos || middle == 0)
    fail("{}: expected a name such as 000002_000005_panoptic.png", path.string());
  return {SequenceName(stem.substr(0, middle)),
          require_number(stem.substr(middle + 1, ending - middle - 1), path)};
}

void check_numbers_once(const StepSequence& sequence) {
  for (std::size_t i = 1; i < sequence.frames.size(); ++i)
    if (sequence.frames[i].number == sequence.frames[i - 1].number)
      fail("{} and {}: two files of the same frame", sequence.frames[i - 1].files[0].string(),
           sequence.frames[i].files[0].string());
}

StepTree finish(StepTree tree) {
  for (StepSequence& sequence : tree.sequences) {
    std::sort(sequence.frames.begin(), sequence.frames.end(),
              [](const StepFrame& a, const StepFrame& b) { return a.number < b.number; });
    check_numbers_once(sequence);
  }
  return tree;
}

StepTree tree_by_number(const fs::path& root, StepCoding coding,
                        std::map<SequenceName, StepSequence> sequences) {
  StepTree tree{root, coding, {}};
  for (auto& [name, sequence] : sequences) {
    sequence.id = name.number ? nlohmann::json(*name.number) : nlohmann::json(name.name);
    sequence.name = sequence.key = name.name;
    tree.sequences.push_back(std::move(sequence));
  }
  return finish(std::move(tree));
}

StepTree list_flat(const fs::path& root, const std::vector<fs::path>& files) {
  std::map<SequenceName, StepSequence> sequences;
  for (const fs::path& file : files) {
    if (!ends_with(file.string(), "_panoptic.png")) continue;
    const auto [sequence, frame] = sequence_and_frame(file);
    sequences[sequence].frames.push_back({frame, {file}});
  }
  return tree_by_number(root, StepCoding::kRgb, std::move(sequences));
}

StepTree list_cat_ins(const fs::path& root, const std::vector<fs::path>& folders) {
  std::map<SequenceName, StepSequence> sequences;
  for (const fs::path& folder : folders) {
    for (const fs::path& file : list_files(folder, ".png")) {
      const std::string name = file.string();
      if (!ends_with(name, "_cat.png")) continue;
      const fs::path instances = name.substr(0, name.size() - 8) + "_ins.png";
      if (!fs::exists(instances)) fail("{}: missing beside {}", instances.string(), name);
      const auto [sequence, frame] = sequence_and_frame(file);
      sequences[sequence].frames.push_back({frame, {file, instances}});
    }
  }
  return tree_by_number(root, StepCoding::kCatIns, std::move(sequences));
}

StepTree list_folders_of_frames(const fs::path& root, const std::vector<fs::path>& folders) {
  StepTree tree{root, StepCoding::kRgb, {}};
  for (const fs::path& folder : folders) {
    StepSequence sequence;
    sequence.name = folder.filename().string();
    sequence.id = sequence.name;
    sequence.key = SequenceName(sequence.name).name;
    for (const fs::path& file : list_files(folder, ".png"))
      sequence.frames.push_back({require_number(file.stem().string(), file), {file}});
    tree.sequences.push_back(std::move(sequence));
  }
  return finish(std::move(tree));
}

/// The videos that `list`, one name a line, names; all folders when there is no such file.
std::vector<fs::path> vipseg_videos(const fs::path& masks) {
  const fs::path list = masks.parent_path() / "val.txt";
  if (!fs::exists(list)) return list_folders(masks);
  std::vector<fs::path> videos;
  std::istringstream lines(read_text_file(list));
  for (std::string name; lines >> name;) {
    if (!fs::is_directory(masks / name))
      fail("{}: names the video {}, but there is no folder {}", list.string(), name,
           (masks / name).string());
    videos.push_back(masks / name);
  }
  return videos;
}

StepTree list_vipseg(const fs::path& masks) {
  StepTree tree{masks, StepCoding::kVipSeg, {}};
  for (const fs::path& folder : vipseg_videos(masks)) {
    StepSequence sequence;
    sequence.id = tree.sequences.size();
    sequence.name = sequence.key = std::to_string(tree.sequences.size());
    for (const fs::path& file : list_files(folder, ".png"))
      sequence.frames.push_back({static_cast<std::int64_t>(sequence.frames.size()), {file}});
    tree.sequences.push_back(std::move(sequence));
  }
  return tree;
}

[[noreturn]] void fail_nothing_found(const fs::path& root) {
  fail(
      "{}: no frames found; expected *_panoptic.png, SEQ/*_cat.png with _ins.png, SEQ/FFFFFF.png "
      "or panomasks/VIDEO/*.png",
      root.string());
}

/// VIPSeg's class id as the evaluated class: stuff classes first, then things.
std::uint32_t vipseg_class(std::uint32_t value, int class_id, bool thing) {
  const auto* end = kVipSegThings.end();
  const auto* place = std::lower_bound(kVipSegThings.begin(), end, class_id);
  const bool is_thing = place != end && *place == class_id;
  if (class_id >= kVipSegClasses || is_thing != thing)
    fail("the ground truth has the value {}, which is no VIPSeg {} class", value,
         thing ? "thing" : "stuff");
  const int things_before = static_cast<int>(place - kVipSegThings.begin());
  return static_cast<std::uint32_t>(thing ? kVipSegStuffClasses + things_before
                                          : class_id - things_before);
}

std::uint32_t decode_vipseg(std::uint32_t value) {
  if (value == 0 || value == 200) return kVipSegVoid;
  if (value <= kVipSegLastStuffValue)
    return vipseg_class(value, static_cast<int>(value) - 1, false) << kClassShift;
  return vipseg_class(value, static_cast<int>(value / 100) - 1, true) << kClassShift |
         (value % 100 + 1);
}

std::string frame_name(const StepSequence& sequence, const StepFrame& frame) {
  return sequence.name + "/" + frame_number_text(frame);
}

bool shares_a_key(const StepTree& tree, const StepTree& other) {
  std::set<std::string> keys;
  for (const StepSequence& sequence : other.sequences) keys.insert(sequence.key);
  return std::any_of(tree.sequences.begin(), tree.sequences.end(),
                     [&](const StepSequence& sequence) { return keys.contains(sequence.key); });
}

/// VIPSeg's videos by their names and frames by their files' numbers, not by position.
StepTree by_names(StepTree tree) {
  for (StepSequence& sequence : tree.sequences) {
    if (sequence.frames.empty()) continue;
    sequence.name = sequence.frames[0].files[0].parent_path().filename().string();
    sequence.id = sequence.name;
    sequence.key = SequenceName(sequence.name).name;
    for (StepFrame& frame : sequence.frames)
      frame.number = require_number(frame.files[0].stem().string(), frame.files[0]);
  }
  return tree;
}

}  // namespace

StepTree list_step_tree(const fs::path& root) {
  if (!fs::is_directory(root)) fail("{}: no such folder", root.string());
  for (const char* inner : {"panoptic", "panomasks"})
    if (fs::is_directory(root / inner)) return list_step_tree(root / inner);
  const std::vector<fs::path> files = list_files(root, ".png");
  if (!files.empty()) {
    StepTree flat = list_flat(root, files);
    if (flat.sequences.empty()) fail_nothing_found(root);
    return flat;
  }
  const std::vector<fs::path> folders = list_folders(root);
  for (const fs::path& folder : folders) {
    const std::vector<fs::path> frames = list_files(folder, ".png");
    if (frames.empty()) continue;
    const std::string first = frames.front().string();
    if (ends_with(first, "_cat.png") || ends_with(first, "_ins.png"))
      return list_cat_ins(root, folders);
    if (read_picture_info(frames.front()).bit_depth == 16) return list_vipseg(root);
    return list_folders_of_frames(root, folders);
  }
  fail_nothing_found(root);
}

std::vector<StepPair> pair_step_trees(const StepTree& gt, const StepTree& pred) {
  // The official VIPSeg results count videos and frames, others have their names.
  if (gt.coding == StepCoding::kVipSeg && !shares_a_key(gt, pred)) {
    const StepTree named = by_names(gt);
    if (shares_a_key(named, pred)) return pair_step_trees(named, pred);
  }
  std::map<std::pair<std::string, std::int64_t>, const StepFrame*> predicted;
  for (const StepSequence& sequence : pred.sequences)
    for (const StepFrame& frame : sequence.frames) predicted[{sequence.key, frame.number}] = &frame;
  std::vector<StepPair> pairs;
  std::vector<std::string> missing;
  for (const StepSequence& sequence : gt.sequences) {
    StepPair pair{pairs.size(), sequence, {}, gt.coding, pred.coding};
    for (const StepFrame& frame : sequence.frames) {
      const auto found = predicted.find({sequence.key, frame.number});
      if (found == predicted.end()) {
        missing.push_back(frame_name(sequence, frame));
        continue;
      }
      pair.pred.push_back(*found->second);
      predicted.erase(found);
    }
    pairs.push_back(std::move(pair));
  }
  if (!missing.empty())
    fail("{}: {} predictions are missing, for the frames {}", pred.root.string(), missing.size(),
         summarize(missing));
  if (!predicted.empty())
    warn_of_extra(pred.root, predicted.size(), predicted.begin()->second->files[0].string());
  return pairs;
}

std::string frame_number_text(const StepFrame& frame) { return fmt::format("{:06}", frame.number); }

IdRuns read_step_frame(const StepFrame& frame, StepCoding coding) {
  if (coding == StepCoding::kRgb) return read_id_runs(frame.files[0]);
  if (coding == StepCoding::kVipSeg) return read_label_runs(frame.files[0]);
  const IdRuns labels = read_label_runs(frame.files[0]);
  const IdRuns instances = read_label_runs(frame.files[1]);
  if (instances.size != labels.size)
    fail("{} is {}, but {} is {}", frame.files[1].string(), to_string(instances.size),
         frame.files[0].string(), to_string(labels.size));
  IdRuns ids{labels.size, {}};
  std::uint32_t end = 0;
  for_each_overlap(labels, instances,
                   [&](std::uint32_t label, std::uint32_t instance, std::uint32_t pixels) {
                     end += pixels;
                     ids.runs.push_back({end, label << kClassShift | instance});
                   });
  return ids;
}

std::uint32_t decode_step_value(std::uint32_t value, StepCoding coding) {
  switch (coding) {
    case StepCoding::kRgb:  // read as R + 256 G + 65536 B
      return (value & 0xff) << kClassShift | (value & 0xff00) | value >> kClassShift;
    case StepCoding::kCatIns:
      return value;
    case StepCoding::kVipSeg:
      return decode_vipseg(value);
  }
  fail("unknown coding");
}

std::uint64_t for_each_step_frame(
    const EvalOptions& options, const std::function<void(const StepPair&)>& begin,
    const std::function<void(const StepPair&, std::size_t, const PairTable&)>& add) {
  const StepTree gt = list_step_tree(options.gt), pred = list_step_tree(options.pred);
  const std::vector<StepPair> pairs = pair_step_trees(gt, pred);
  std::vector<std::string> units;
  std::vector<std::pair<std::size_t, std::size_t>> frames;  // (sequence, frame) of this shard
  for (const StepPair& pair : pairs) {
    units.push_back(fmt::format("{} {}", pair.gt.name, pair.gt.frames.size()));
    if (!options.shard.takes(pair.order)) continue;
    for (std::size_t frame = 0; frame < pair.gt.frames.size(); ++frame)
      frames.emplace_back(pair.order, frame);
  }
  std::vector<PairCounter> counters(static_cast<std::size_t>(std::max(1, options.threads)));
  const auto produce = [&](std::size_t index, int worker) {
    const StepPair& pair = pairs[frames[index].first];
    const StepFrame& gt_frame = pair.gt.frames[frames[index].second];
    const StepFrame& pred_frame = pair.pred[frames[index].second];
    const IdRuns gt_ids = read_step_frame(gt_frame, gt.coding);
    const IdRuns pred_ids = read_step_frame(pred_frame, pred.coding);
    return with_context(pred_frame.files[0].string(), [&] {
      const PairTable table = counters[static_cast<std::size_t>(worker)].count(gt_ids, pred_ids);
      return map_values(
          table, [&](std::uint32_t v) { return decode_step_value(v, gt.coding); },
          [&](std::uint32_t v) { return decode_step_value(v, pred.coding); });
    });
  };
  const auto consume = [&](std::size_t index, const PairTable& table) {
    const auto [sequence, frame] = frames[index];
    const StepPair& pair = pairs[sequence];
    if (frame == 0) begin(pair);
    with_context(fmt::format("frame {}, {}", frame_name(pair.gt, pair.gt.frames[frame]),
                             pair.pred[frame].files[0].string()),
                 [&, frame = frame] { add(pair, frame, table); });
  };
  for_each_in_order<PairTable>(frames.size(), options.threads, produce, consume);
  return dataset_fingerprint(units);
}

}  // namespace tessera
