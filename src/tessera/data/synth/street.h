#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/synth/look.h"
#include "tessera/data/synth/models.h"
#include "tessera/data/synth/rasterizer.h"
#include "tessera/data/synth/synth_frame.h"

namespace tessera::synth {

/// One camera picture with its exact ground truth.
struct StreetFrame {
  Image image;
  LabelMap categories;  ///< trainIds, 255 void
  IdMap objects;        ///< identity of things (categories 11..18); 0 elsewhere
  Pixels<float> flow;   ///< (dx, dy) to the next frame
};

/// A street that a camera drives along, and everybody in it. Every position is a closed function
/// of time and everything that stands still one of its place, so any frame can be drawn by itself,
/// in any order, from any thread.
class Street {
 public:
  Street(std::shared_ptr<const Look> look, Random random, int frames, StreetKind kind);
  Street(const Street&) = delete;
  Street& operator=(const Street&) = delete;

  /// The frame at `time` (0, 1, 2 .. at ten a second).
  StreetFrame render(int time, Rasterizer& rasterizer, Size size) const;

 private:
  /// Where something is in street coordinates: metres along, metres to the right of the middle.
  struct Place {
    float along = 0, across = 0;
    float heading = 0;  ///< relative to the street's direction
    float height = 0;
  };
  /// Somebody who moves.
  struct Actor {
    std::uint32_t object = 0;
    Category category = kCar;
    int model = 0;
    float length = 1, width = 1;
    std::function<Place(float time)> place;
    float step_offset = 0;
  };
  struct Ego {
    float along, across, yaw, pitch;
  };

  float distance_driven(float time) const;
  Ego ego(float time) const;
  Camera camera(float time, Size size) const;
  Vec3 point(float along, float across, float up) const;
  float heading(float along) const;
  Pose pose(const Place& place) const;

  void add_traffic(Random random, float last);
  void add_walkers(Random random, float last);
  void add_crossers(Random random, float last);
  bool runs_into_traffic(const Actor& walker, float from, float to) const;

  void put(Scene& scene, const Mesh& mesh, const Place& place, std::uint32_t object) const;
  void put_street(Scene& scene, float from, float to) const;
  void put_ground(Scene& scene, int chunk) const;
  void put_side(Scene& scene, int chunk, float side, Random random) const;
  void put_kerbside(Scene& scene, int chunk, float side, Random random) const;
  void put_parked(Scene& scene, int chunk, float side, Random random) const;
  void put_actor(Scene& scene, const Actor& actor, float time) const;
  void put_horizon(Scene& scene, float along) const;

  std::shared_ptr<const Look> look_;
  Random random_;
  bool plain_;
  float step_;  ///< from frame to frame, in units of 0.1 s
  Light light_;
  // The street: its bends and hills, and where across it things are.
  float bend_size_[2], bend_length_[2], bend_phase_[2];
  float hill_size_, hill_length_, hill_phase_;
  float left_kerb_, right_kerb_, pavement_;
  float own_lane_, other_lane_, oncoming_lane_;
  bool two_lanes_;
  // The traffic's pulse: everybody slows down and goes on again together.
  float speed_, pulse_, pulse_phase_, steadiness_;
  float sway_size_, sway_pace_, sway_phase_;
  float exposure_phase_;
  std::vector<Actor> actors_;
};

}  // namespace tessera::synth
