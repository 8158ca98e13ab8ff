#pragma once

#include <array>
#include <optional>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/transforms/frame.h"

/// STEm-Seg's clips out of still pictures: each further frame is the picture as a moving camera
/// might have seen it, with the arithmetic of imgaug 0.4 on OpenCV.
namespace tessera {

struct MotionOptions {
  int frames = 8;
  bool colour = true;         ///< changes brightness, hue and saturation as well
  double perspective = 0.08;  ///< standard deviation of a corner's shift, as a share of the side
  double shift = 0.1;         ///< most, as a share of the side
  double rotation = 12;       ///< most, in degrees
  double blur_probability = 0.25;
};

struct Corner {
  double x = 0, y = 0;
};

struct BlurChoice {
  int size = 9;          ///< of the kernel
  double angle = 0;      ///< degrees
  double direction = 0;  ///< -1 to 1: which end of the line weighs more
};

/// What was drawn for one frame, in the order of its use.
struct MotionChoice {
  std::optional<int> add = {};             ///< to each channel
  std::optional<int> hue_saturation = {};  ///< to both, of 255
  std::array<Corner, 4> jitter = {};       ///< top left, top right, bottom right, bottom left
  double shift = 0;                        ///< right and down, as a share of the side
  double rotation = 0;
  std::optional<BlurChoice> blur = {};
};

MotionChoice choose_motion(const MotionOptions& options, Random& random);

/// A projection into a picture of `size`, which is then resized back.
struct Perspective {
  std::array<double, 9> matrix = {};  ///< row by row
  Size size = {};
};

/// Maps the corners, moved inwards by shares of the sides, to a rectangle.
Perspective perspective_of(Size picture, const std::array<Corner, 4>& jitter);

void add_value(Image& image, int value);
/// The official code hands B, G, R to a function that takes R, G, B; so red and blue change places.
void add_hue_saturation(Image& image, int value);
/// Picture and labels; pixels without a picture become Frame::invalid. Labels are never mixed.
void warp_perspective(Frame& frame, const Perspective& perspective);
/// Shifts are shares of the sides; the picture turns around its centre.
void warp_affine(Frame& frame, Corner shift, double rotation, double scale = 1);
Image warp_affine(const Image& image, Corner shift, double rotation, double scale = 1);
/// [size, size], sum 1.
std::vector<float> blur_kernel(const BlurChoice& choice);
Image blur(const Image& image, const BlurChoice& choice);

/// Moves picture and labels. Objects are flattened into the id map (the later covers the earlier),
/// pixels without a picture become Frame::invalid, objects that left are dropped.
void apply_motion(Frame& frame, const MotionChoice& choice);

/// A clip of `frames` out of its only frame, in random order; frame 0 of them is the picture
/// itself.
void simulate_motion(Clip& clip, const MotionOptions& options, Random& random);

}  // namespace tessera
