#include "tessera/data/synth/synthesize.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <vector>

#include "tessera/core/atomic_folder.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/data/synth/oracle.h"
#include "tessera/data/synth/street.h"
#include "tessera/data/synth/track_naming.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace fs = std::filesystem;
namespace {

constexpr int kSmallestSide = 32, kLargestSide = 8192;
constexpr int kMostFrames = 1'000'000;

void check_range(const char* name, int value, int low, int high) {
  if (value < low || value > high)
    throw UsageError(
        fmt::format("{} {} is out of range; expected {} to {}", name, value, low, high));
}

/// Below this an object is not told apart: what a labeller could not outline.
std::int64_t smallest_area(const SynthOptions& options) {
  const std::int64_t pixels = static_cast<std::int64_t>(options.size.width) * options.size.height;
  return std::max<std::int64_t>(12, pixels / (options.street == StreetKind::kPlain ? 500 : 10000));
}

struct Job {
  const char* split;
  int sequence, frame, number;
};

std::vector<Job> list_jobs(const SynthOptions& options) {
  std::vector<Job> jobs;
  for (const auto& [split, sequences] :
       {std::pair{"train", options.sequences}, {"val", options.val_sequences}}) {
    int number = 0;
    for (int sequence = 0; sequence < sequences; ++sequence)
      for (int frame = 0; frame < options.frames; ++frame)
        jobs.push_back({split, sequence, frame, number++});
  }
  return jobs;
}

/// The street of the sequence asked for last. Each split has a look of its own, and each plain
/// street: what few pictures are learned from should differ.
class StreetMaker {
 public:
  explicit StreetMaker(const SynthOptions& options) : options_(options) {}

  std::shared_ptr<const Street> get(const std::string& split, int sequence) {
    if (current_ != nullptr && split_ == split && sequence_ == sequence) return current_;
    const Random random = Random(options_.seed).fork(split);
    const Random look = random.fork("look");
    if (options_.street == StreetKind::kPlain)
      look_ = std::make_shared<const Look>(look.fork(static_cast<std::uint64_t>(sequence)));
    else if (look_ == nullptr || split_ != split)
      look_ = std::make_shared<const Look>(look);
    split_ = split;
    sequence_ = sequence;
    current_ = std::make_shared<const Street>(
        look_, random.fork(static_cast<std::uint64_t>(sequence)), options_.frames, options_.street);
    return current_;
  }

 private:
  const SynthOptions& options_;
  std::string split_;
  int sequence_ = -1;
  std::shared_ptr<const Look> look_;
  std::shared_ptr<const Street> current_;
};

constexpr std::size_t kOracles = std::size(kAssociations);
using OracleMaps = std::array<IdMap, kOracles>;

void write_oracles(const fs::path& root, const SynthFrame& frame, const OracleMaps& maps) {
  for (std::size_t i = 0; i < kOracles; ++i) {
    const fs::path folder =
        root / "predictions" / to_string(kAssociations[i]) /
        fmt::format("{:04}", kitti_step_sequence_number(frame.split, frame.sequence));
    make_directories(folder);
    write_png(folder / fmt::format("{:06}.png", frame.frame),
              label_picture(frame, maps[i], cityscapes_step_classes()));
  }
}

void write_flow_of(const fs::path& root, const SynthFrame& frame) {
  const fs::path folder = root / "flow" / frame.split / fmt::format("{:04}", frame.sequence);
  make_directories(folder);
  write_flow(folder / fmt::format("{:06}.flo", frame.frame), frame.flow);
}

}  // namespace

Size parse_size(const std::string& text) {
  Size size;
  const char* end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  if (width.ec != std::errc() || width.ptr == end || *width.ptr != 'x')
    throw UsageError(
        fmt::format("'{}' is not a size; expected WIDTHxHEIGHT such as 1248x384", text));
  const auto height = std::from_chars(width.ptr + 1, end, size.height);
  if (height.ec != std::errc() || height.ptr != end)
    throw UsageError(
        fmt::format("'{}' is not a size; expected WIDTHxHEIGHT such as 1248x384", text));
  return size;
}

void check(const SynthOptions& options) {
  check_range("--size: the width", options.size.width, kSmallestSide, kLargestSide);
  check_range("--size: the height", options.size.height, kSmallestSide, kLargestSide);
  check_range("--sequences", options.sequences, 0, kMostFrames);
  check_range("--val-sequences", options.val_sequences, 0, kMostFrames);
  check_range("--frames", options.frames, 1, kMostFrames);
  if (options.oracles && options.format != "kitti-step")
    throw UsageError("--oracles writes KITTI-STEP predictions; it needs --format kitti-step");
  const std::int64_t total =
      (static_cast<std::int64_t>(options.sequences) + options.val_sequences) * options.frames;
  if (total == 0) throw UsageError("--sequences and --val-sequences are both 0: nothing to draw");
  if (total > kMostFrames)
    throw UsageError(fmt::format("{} frames were asked for; at most {} are written at a time",
                                 total, kMostFrames));
}

std::size_t total_frames(const SynthOptions& options) {
  check(options);
  return (static_cast<std::size_t>(options.sequences) + options.val_sequences) * options.frames;
}

void draw_frames(const SynthOptions& options, const FrameStages& stages) {
  check(options);
  const int threads = resolve_threads(options.threads);
  const std::vector<Job> jobs = list_jobs(options);
  const std::size_t batch = static_cast<std::size_t>(threads) * 2;
  std::vector<SynthFrame> frames(batch);
  std::vector<std::shared_ptr<const Street>> drawn_from(batch);
  std::vector<std::unique_ptr<Rasterizer>> rasterizers(threads);
  StreetMaker streets(options);
  TrackNaming naming;
  for (std::size_t first = 0; first < jobs.size(); first += batch) {
    const std::size_t count = std::min(batch, jobs.size() - first);
    for (std::size_t i = 0; i < count; ++i)
      drawn_from[i] = streets.get(jobs[first + i].split, jobs[first + i].sequence);
    parallel_for(count, threads, [&](std::size_t i, int worker) {
      const Job& job = jobs[first + i];
      if (rasterizers[worker] == nullptr)
        rasterizers[worker] = std::make_unique<Rasterizer>(options.size);
      StreetFrame drawn = drawn_from[i]->render(job.frame, *rasterizers[worker], options.size);
      frames[i] = {job.split,
                   job.sequence,
                   job.frame,
                   options.frames,
                   job.number,
                   std::move(drawn.image),
                   std::move(drawn.categories),
                   std::move(drawn.objects),
                   {},
                   std::move(drawn.flow)};
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (frames[i].frame == 0) naming = TrackNaming();
      naming.name(frames[i], smallest_area(options));
      if (stages.before) stages.before(frames[i], i);
    }
    if (stages.work)
      parallel_for(count, threads, [&](std::size_t i, int) { stages.work(frames[i], i); });
    for (std::size_t i = 0; i < count; ++i)
      if (stages.after) stages.after(frames[i], i);
    if (stages.progress) stages.progress(count);
  }
}

void write_flow(const fs::path& path, const Pixels<float>& flow) {
  const float tag = 202021.25f;
  const std::int32_t size[2] = {flow.width(), flow.height()};
  const auto bytes = [](const auto* data, std::size_t count) {
    return std::span(reinterpret_cast<const std::uint8_t*>(data), count * sizeof(*data));
  };
  AtomicFile file(path);
  file.write(bytes(&tag, 1));
  file.write(bytes(size, 2));
  file.write(bytes(flow.data(), flow.values().size()));
  file.commit();
}

void synthesize(const fs::path& out, const SynthOptions& options,
                const std::function<void(std::size_t)>& progress) {
  check(options);
  make_dataset_writer(options.format, out, options.frames);  // fails before anything is touched
  AtomicFolder folder(out, options.replace);
  const std::unique_ptr<DatasetWriter> writer =
      make_dataset_writer(options.format, folder.path(), options.frames);
  const std::size_t slots = static_cast<std::size_t>(resolve_threads(options.threads)) * 2;
  std::vector<nlohmann::json> notes(slots);
  std::vector<OracleMaps> predictions(slots);
  std::vector<Oracle> oracles(std::begin(kAssociations), std::end(kAssociations));
  FrameStages stages;
  stages.before = [&](const SynthFrame& frame, std::size_t slot) {
    writer->prepare(frame);
    if (options.oracles && frame.split == "val")
      for (std::size_t i = 0; i < kOracles; ++i) predictions[slot][i] = oracles[i].predict(frame);
  };
  stages.work = [&](const SynthFrame& frame, std::size_t slot) {
    notes[slot] = writer->write(frame);
    if (options.flow) write_flow_of(folder.path(), frame);
    if (options.oracles && frame.split == "val")
      write_oracles(folder.path(), frame, predictions[slot]);
  };
  stages.after = [&](const SynthFrame& frame, std::size_t slot) {
    writer->collect(frame, std::move(notes[slot]));
  };
  stages.progress = progress;
  draw_frames(options, stages);
  writer->finish();
  folder.commit();
}

}  // namespace tessera::synth
