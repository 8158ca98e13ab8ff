#include "tessera/data/loader/batch.h"

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Writes an object's mask into its plane of zeros.
void paint(const Frame& frame, const FrameObject& object, Size size, std::uint8_t* plane) {
  for (int y = 0; y < frame.image.height(); ++y) {
    std::uint8_t* out = plane + static_cast<std::size_t>(y) * size.width;
    if (object.mask.empty()) {
      const std::uint32_t* ids = frame.ids.row(y);
      for (int x = 0; x < frame.ids.width(); ++x) out[x] = ids[x] == object.id;
    } else {
      std::copy_n(object.mask.row(y), object.mask.width(), out);
    }
  }
}

BatchFrame pack_labels(Frame frame, const CollateOptions& options, Size size) {
  BatchFrame packed;
  const std::size_t plane = static_cast<std::size_t>(size.width) * size.height;
  packed.masks.resize(frame.objects.size() * plane);
  for (std::size_t i = 0; i < frame.objects.size(); ++i) {
    paint(frame, frame.objects[i], size, packed.masks.data() + i * plane);
    frame.objects[i].mask = {};
  }
  if (!frame.semantic.empty())
    packed.semantic = pad_labels(frame.semantic, size, options.semantic_padding);
  packed.key = std::move(frame.key);
  packed.record = frame.record;
  packed.record.pad_size = size;
  packed.objects = std::move(frame.objects);
  return packed;
}

}  // namespace

Batch collate(std::vector<Clip> clips, const CollateOptions& options) {
  if (options.divisor < 1) fail("padding divisor {}: must be 1 at least", options.divisor);
  if (clips.empty() || clips.front().empty()) fail("a batch needs one sample at least");
  Batch batch;
  batch.clips = static_cast<int>(clips.size());
  batch.frames_per_clip = static_cast<int>(clips.front().size());
  for (const Clip& clip : clips) {
    if (clip.size() != clips.front().size())
      fail("{}: a clip of {} frames in a batch of clips of {}", clip.front().key.name, clip.size(),
           clips.front().size());
    for (const Frame& frame : clip) {
      batch.size.width = std::max(batch.size.width, frame.image.width());
      batch.size.height = std::max(batch.size.height, frame.image.height());
    }
  }
  batch.size = padded_size(batch.size, options.divisor);
  const std::size_t picture = static_cast<std::size_t>(3) * batch.size.width * batch.size.height;
  batch.pixels.resize(picture * batch.clips * batch.frames_per_clip);
  float* planes = batch.pixels.data();
  for (Clip& clip : clips) {
    for (Frame& frame : clip) {
      normalize_into(frame.image, options.normalize, batch.size, planes);
      planes += picture;
      batch.frames.push_back(pack_labels(std::move(frame), options, batch.size));
    }
  }
  return batch;
}

}  // namespace tessera
