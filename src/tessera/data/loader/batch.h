#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tessera/data/transforms/frame.h"
#include "tessera/data/transforms/normalize.h"

namespace tessera {

/// Leaves new numbers as the memory has them: for buffers that are written whole.
template <class T>
struct UninitializedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <class U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};
using PixelBuffer = std::vector<float, UninitializedAllocator<float>>;

/// The labels of one frame of a batch, padded to the batch's size.
struct BatchFrame {
  SampleKey key;
  FrameRecord record;
  LabelMap semantic;                 ///< padding is 255 unless CollateOptions say otherwise
  LabelMap ignored;                  ///< padding is 0; empty where the dataset has none
  std::vector<FrameObject> objects;  ///< their pixels are in `masks`
  std::vector<std::uint8_t> masks;   ///< [objects, height, width], 1 inside
};

/// Samples as a network takes them, in buffers that a tensor can wrap without a copy.
struct Batch {
  int clips = 0;
  int frames_per_clip = 0;
  Size size;
  PixelBuffer pixels;              ///< [clips * frames, 3, height, width]
  std::vector<BatchFrame> frames;  ///< clip by clip
};

struct CollateOptions {
  NormalizeOptions normalize;
  int divisor = 32;                     ///< sides are padded to a multiple of this
  std::uint8_t semantic_padding = 255;  ///< VPSNet pads with 0
  Size least = {};                      ///< sides are padded to this at least (mmseg's Pad size)
};

/// Normalises, pads to the largest picture and packs. All clips have the same number of frames.
Batch collate(std::vector<Clip> clips, const CollateOptions& options);

}  // namespace tessera
