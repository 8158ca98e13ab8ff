#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/image/rle.h"

namespace tessera::synth {

/// What a street is like.
enum class StreetKind {
  kFull,   ///< every class, crowds on the pavements, dense traffic, things of all sizes
  kPlain,  ///< few and near cars and people, nothing thin: for small models and short trainings
};

/// One thing in one frame.
struct SynthObject {
  std::uint32_t track = 0;  ///< identity in its sequence, from 1 in order of appearance
  int category = 0;         ///< trainId
  std::int64_t area = 0;
  int left = 0, top = 0, right = 0, bottom = 0;  ///< of its box, the last two excluded

  Box box() const {
    return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(right - left),
            static_cast<double>(bottom - top)};
  }
};

/// One frame as the writers see it.
struct SynthFrame {
  std::string split;  ///< "train" or "val"
  int sequence = 0;   ///< position in its split
  int frame = 0;      ///< position in its sequence
  int frames = 0;     ///< of its sequence
  int number = 0;     ///< position among all frames of its split
  Image image;
  LabelMap categories;  ///< trainIds, 255 void
  /// Track of every pixel of a listed object; 0 on stuff, and on things too small to be told apart
  /// (crowds).
  IdMap tracks;
  std::vector<SynthObject> objects;  ///< in ascending order of tracks
  Pixels<float> flow;
};

}  // namespace tessera::synth
