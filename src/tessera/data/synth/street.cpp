#include "tessera/data/synth/street.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tessera/data/synth/camera_effects.h"

namespace tessera::synth {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kFramesPerSecond = 10;
constexpr float kBehind = 14, kAhead = 165;
// Plain streets: everybody is this many times farther apart, nobody is farther away than in sight,
// the camera drives at this share of the speed, and frames are farther apart in time: people are
// large, few, and move far from frame to frame.
constexpr float kPlainSpacing = 2, kPlainSpacingOfPeople = 12;
constexpr float kPlainSight = 18, kPlainSightOfPeople = 9;
constexpr float kPlainPace = 0.12f;
constexpr float kPlainStep = 2;
constexpr float kCameraHeight = 1.65f;

float draw(Random& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

Light draw_light(Random random) {
  Light light;
  light.sun = {draw(random, -0.8, 0.8), draw(random, 0.5, 1.0), draw(random, -0.8, 0.5)};
  const int weather = static_cast<int>(random.uniform_int(0, 3));
  if (weather == 0) {  // overcast
    light.sun_strength = 0.28f;
    light.sky_strength = 0.78f;
    light.color = {0.96f, 0.98f, 1.02f};
    light.sky_high = {0.62f, 0.67f, 0.74f};
    light.sky_low = {0.82f, 0.84f, 0.87f};
    light.cloudiness = 0.75f;
    light.haze_distance = 150;
  } else if (weather == 1) {  // low sun
    light.color = {1.14f, 0.98f, 0.8f};
    light.sky_low = {0.97f, 0.86f, 0.72f};
    light.haze = {0.9f, 0.82f, 0.73f};
  }
  return light;
}

}  // namespace

Street::Street(std::shared_ptr<const Look> look, Random random, int frames, StreetKind kind)
    : look_(std::move(look)),
      random_(random),
      plain_(kind == StreetKind::kPlain),
      step_(plain_ ? kPlainStep : 1),
      light_(draw_light(random.fork("light"))) {
  Random shape = random.fork("shape");
  for (int i = 0; i < 2; ++i) {
    bend_size_[i] = draw(shape, -6, 6);
    bend_length_[i] = draw(shape, 50, 110);
    bend_phase_[i] = draw(shape, 0, 2 * kPi);
  }
  hill_size_ = draw(shape, 0.2, 1.1);
  hill_length_ = draw(shape, 45, 80);
  hill_phase_ = draw(shape, 0, 2 * kPi);
  two_lanes_ = shape.coin(0.6) && !plain_;
  const bool own_is_right = shape.coin();
  oncoming_lane_ = -1.75f;
  own_lane_ = two_lanes_ && own_is_right ? 5.1f : 1.75f;
  other_lane_ = own_is_right ? 1.75f : 5.1f;
  left_kerb_ = plain_ ? -3.9f : -5.8f;
  right_kerb_ = two_lanes_ ? 9.1f : -left_kerb_;
  pavement_ = draw(shape, 2.8, 4);
  if (plain_) pavement_ *= 0.6f;

  Random motion = random.fork("motion");
  speed_ = draw(motion, 5, 10) / kFramesPerSecond;
  if (plain_) speed_ *= kPlainPace;
  pulse_ = draw(motion, 50, 90);
  pulse_phase_ = draw(motion, 0, 2 * kPi);
  steadiness_ = motion.coin(0.3) ? 0.6f : 0.04f;
  sway_size_ = motion.coin(0.5) ? draw(motion, 0.1, 0.2) : draw(motion, 0.01, 0.04);
  sway_pace_ = 2 * kPi / draw(motion, 26, 48);
  sway_phase_ = draw(motion, 0, 2 * kPi);
  exposure_phase_ = draw(motion, 0, 2 * kPi);

  const float end = step_ * static_cast<float>(frames);
  add_traffic(random.fork("traffic"), end);
  add_walkers(random.fork("walkers"), end);
  add_crossers(random.fork("crossers"), end);
}

float Street::distance_driven(float time) const {
  // The speed is speed_ * (steadiness + (1 - steadiness) * (1 + cos)^2 / 1.5): a drive with halts.
  const float pace = 2 * kPi / pulse_;
  const auto integral = [&](float t) {
    const float angle = pace * t + pulse_phase_;
    return (1.5f * angle + 2 * std::sin(angle) + 0.25f * std::sin(2 * angle)) / pace / 1.5f;
  };
  return speed_ * (steadiness_ * time + (1 - steadiness_) * (integral(time) - integral(0)));
}

Street::Ego Street::ego(float time) const {
  Ego ego;
  ego.along = distance_driven(time);
  ego.across = own_lane_ + 0.25f * std::sin(0.07f * time + sway_phase_);
  ego.yaw = heading(ego.along) + sway_size_ * std::sin(sway_pace_ * time + sway_phase_);
  const float slope = (point(ego.along + 4, 0, 0).y - point(ego.along - 4, 0, 0).y) / 8;
  ego.pitch = std::atan(slope) + 0.004f * std::sin(0.9f * time + sway_phase_);
  return ego;
}

Camera Street::camera(float time, Size size) const {
  const Ego e = ego(time);
  return Camera(point(e.along, e.across, kCameraHeight), e.yaw, e.pitch,
                (plain_ ? 0.72f : 0.58f) * static_cast<float>(size.width), size.width / 2.0f,
                0.44f * size.height);
}

Vec3 Street::point(float along, float across, float up) const {
  float x = 0;
  for (int i = 0; i < 2; ++i)
    x += bend_size_[i] * std::sin(along / bend_length_[i] + bend_phase_[i]);
  const float y = hill_size_ * std::sin(along / hill_length_ + hill_phase_);
  const float turn = heading(along);
  return {x + across * std::cos(turn), y + up, along - across * std::sin(turn)};
}

float Street::heading(float along) const {
  float slope = 0;
  for (int i = 0; i < 2; ++i)
    slope += bend_size_[i] / bend_length_[i] * std::cos(along / bend_length_[i] + bend_phase_[i]);
  return std::atan(slope);
}

Pose Street::pose(const Place& place) const {
  return {point(place.along, place.across, place.height), heading(place.along) + place.heading};
}

void Street::add_traffic(Random random, float last) {
  const float end = distance_driven(last);
  const auto add = [&](Category category, std::function<Place(float)> place) {
    Actor actor;
    actor.object = static_cast<std::uint32_t>(actors_.size() + 1);
    actor.category = category;
    // Few models in one street: many cars look alike.
    actor.model =
        static_cast<int>((random_.fork("models").uniform_int(0, 8) + random.uniform_int(0, 3)) %
                         static_cast<int>(look_->cars.size()));
    if (plain_) actor.model = static_cast<int>(actors_.size());
    const float lengths[] = {4.8f, 7.2f, 11.2f, 1.9f};
    actor.length = lengths[category == kTruck   ? 1
                           : category == kBus   ? 2
                           : category == kRider ? 3
                                                : 0];
    actor.width = category == kRider ? 0.7f : category == kCar ? 1.9f : 2.5f;
    actor.place = std::move(place);
    actor.step_offset = draw(random, 0, 2 * kPi);
    actors_.push_back(std::move(actor));
  };
  const auto kind = [&] {
    return plain_ ? kCar : random.coin(0.08) ? kBus : random.coin(0.1) ? kTruck : kCar;
  };

  // Oncoming: a row of cars that shares the pulse of the traffic.
  const float oncoming_speed = draw(random, 0.8, 1.2);
  const float oncoming_end = end * (1 + oncoming_speed) + kAhead;
  for (float start = draw(random, 5, 20); start < oncoming_end;) {
    const Category category = kind();
    const float lane = oncoming_lane_ + draw(random, -0.2, 0.2);
    add(category, [this, start, oncoming_speed, lane](float t) {
      return Place{start - oncoming_speed * distance_driven(t), lane, kPi, 0};
    });
    start += ((category == kCar ? 8 : 16) + draw(random, 0, 1) * draw(random, 4, 40)) *
             (plain_ ? kPlainSpacing : 1);
  }
  // Those in front in the own lane.
  float gap = plain_ ? draw(random, 9, 14) : draw(random, 11, 20);
  for (int i = 0; i < (plain_ ? 1 : 3); ++i) {
    const Category category = i == 0 ? kCar : kind();
    const float phase = draw(random, 0, 2 * kPi), pace = 2 * kPi / draw(random, 60, 110);
    add(category, [this, gap, phase, pace](float t) {
      return Place{distance_driven(t) + gap + 2.5f * std::sin(pace * t + phase), own_lane_, 0, 0};
    });
    gap += draw(random, 15, 30);
  }
  // Those in the lane beside: they fall back and overtake again, so they leave the picture and
  // return.
  if (two_lanes_) {
    const float swing = draw(random, 9, 16), phase = draw(random, 0, 2 * kPi);
    const float pace = 2 * kPi / draw(random, 40, 70);
    for (float offset = -16; offset < 60;
         offset += draw(random, 9, 17) * (plain_ ? kPlainSpacing : 1)) {
      const Category category = offset > 8 ? kind() : kCar;
      add(category, [this, offset, swing, pace, phase](float t) {
        return Place{distance_driven(t) + offset + 6 + swing * std::sin(pace * t + phase),
                     other_lane_, 0, 0};
      });
      if (category != kCar) offset += 8;
    }
  }
  if (plain_) return;
  // Cyclists between the lanes and the parked cars.
  const float edge = right_kerb_ - 2.75f;
  for (float meet = draw(random, -30, 60); meet < last + 60.0f; meet += draw(random, 40, 120)) {
    const float speed = draw(random, 0.35, 0.55);
    const float start = distance_driven(meet) + 13 - speed * meet;
    add(kRider, [start, speed, edge](float t) { return Place{start + speed * t, edge, 0, 0}; });
  }
}

void Street::add_walkers(Random random, float last) {
  const auto add = [&](std::function<Place(float)> place) {
    Actor actor;
    actor.object = static_cast<std::uint32_t>(actors_.size() + 1);
    actor.category = kPerson;
    actor.model =
        static_cast<int>(random.uniform_int(0, 5) + random_.fork("crowd").uniform_int(0, 11)) %
        static_cast<int>(look_->people.size());
    if (plain_) actor.model = static_cast<int>(actors_.size());
    actor.length = actor.width = 0.5f;
    actor.place = std::move(place);
    actor.step_offset = draw(random, 0, 2 * kPi);
    actors_.push_back(std::move(actor));
  };
  const float kerb_height = 0.15f;
  for (const float side : {-1.0f, 1.0f}) {
    const float kerb = side < 0 ? left_kerb_ : right_kerb_;
    const float spacing = draw(random, 3, 9) * (plain_ ? kPlainSpacingOfPeople : 1);
    for (float meet = -40; meet < last + 90.0f; meet += draw(random, 0.5, 1.5) * spacing) {
      const float across = kerb + side * draw(random, 0.7, pavement_ - 0.3);
      const float ahead =
          distance_driven(meet) + (plain_ ? draw(random, 4.5, 9) : draw(random, 8, 30));
      if (random.coin(0.2)) {  // walks up and down
        const float reach = draw(random, 2, 6), pace = 2 * kPi / draw(random, 70, 130);
        add([=](float t) {
          const float angle = pace * (t - meet);
          return Place{ahead + reach * std::sin(angle), across, std::cos(angle) > 0 ? 0.0f : kPi,
                       kerb_height};
        });
      } else {
        const float speed = draw(random, 0.08, 0.17) * (random.coin() ? 1.0f : -1.0f);
        const float weave = draw(random, 0, 0.35), phase = draw(random, 0, 2 * kPi);
        add([=](float t) {
          return Place{ahead + speed * (t - meet), across + weave * std::sin(0.06f * t + phase),
                       speed > 0 ? 0.0f : kPi, kerb_height};
        });
      }
    }
  }
}

bool Street::runs_into_traffic(const Actor& walker, float from, float to) const {
  for (float time = from; time <= to; time += 2) {
    const Place place = walker.place(time);
    for (const Actor& other : actors_) {
      if (other.category == kPerson) continue;
      const Place its = other.place(time);
      if (std::fabs(its.along - place.along) < other.length / 2 + 0.7f &&
          std::fabs(its.across - place.across) < other.width / 2 + 0.5f)
        return true;
    }
    const Ego own = ego(time);
    if (std::fabs(place.across - own.across) < 1.6f && place.along - own.along < 4.5f &&
        place.along > own.along)
      return true;
  }
  return false;
}

void Street::add_crossers(Random random, float last) {
  const float left = left_kerb_ - 1.2f, right = right_kerb_ + 1.2f;
  const float middle = (left + right) / 2, half = (right - left) / 2;
  for (float meet = draw(random, 0, 6); meet < last + 20.0f;
       meet += draw(random, 2, 8) * (plain_ ? kPlainSpacingOfPeople : 1)) {
    const float along = distance_driven(meet) + draw(random, 5.5, plain_ ? 9 : 26);
    const float speed = draw(random, 0.11, 0.2), direction = random.coin() ? 1.0f : -1.0f;
    const float target = own_lane_ + draw(random, -2, 2);
    const bool turns_back = random.coin(0.2);
    // Past the far kerb they turn and walk on along the pavement.
    Actor actor;
    actor.object = static_cast<std::uint32_t>(actors_.size() + 1);
    actor.category = kPerson;
    actor.model = static_cast<int>(random.uniform_int(0, look_->people.size() - 1));
    if (plain_) actor.model = static_cast<int>(actors_.size());
    actor.length = actor.width = 0.5f;
    actor.step_offset = draw(random, 0, 2 * kPi);
    actor.place = [=, this](float t) {
      const float walked = (t - meet) * speed * direction + target - middle;
      const float reach = std::fabs(walked);
      if (reach <= half) {
        const float kerb = walked + middle;
        const bool on_road = kerb > left_kerb_ && kerb < right_kerb_;
        return Place{along, walked + middle, direction * kPi / 2, on_road ? 0.0f : 0.15f};
      }
      const bool before = (walked > 0) != (direction > 0);
      const float on = (reach - half) * (turns_back ? -1.0f : 1.0f) * (before ? -1.0f : 1.0f);
      return Place{along + on, walked > 0 ? right : left, turns_back ? kPi : 0.0f, 0.15f};
    };
    const float first = meet - (target + half - middle) / speed - 2,
                last = first + 2 * half / speed + 4;
    if (!runs_into_traffic(actor, std::min(first, meet - 2 * half / speed),
                           last + 2 * half / speed))
      actors_.push_back(std::move(actor));
  }
}

void Street::put(Scene& scene, const Mesh& mesh, const Place& place, std::uint32_t object) const {
  scene.add(mesh, pose(place), object);
}

void Street::put_actor(Scene& scene, const Actor& actor, float time) const {
  const Place now = actor.place(time), next = actor.place(time + step_);
  const Category ground = now.height > 0 ? kSidewalk : kRoad;
  const float grow = actor.category == kPerson || actor.category == kRider ? 0.4f : 0.35f;
  const Mesh shadow = make_shadow(actor.width + grow, actor.length + grow, ground);
  scene.add(shadow, pose(now), shadow, pose(next), 0);
  const CarModel& car = look_->cars[actor.model % look_->cars.size()];
  const PersonModel& person = look_->people[actor.model % look_->people.size()];
  const auto rigid = [&](const Mesh& mesh, std::uint32_t object) {
    scene.add(mesh, pose(now), mesh, pose(next), object);
  };
  switch (actor.category) {
    case kCar:
      return rigid(make_car(car), actor.object);
    case kTruck:
      return rigid(make_truck(car), actor.object);
    case kBus:
      return rigid(make_bus(car), actor.object);
    case kRider: {
      const auto phase = [&](const Place& p) { return 1.4f * p.along + actor.step_offset; };
      scene.add(make_rider(person, phase(now)), pose(now), make_rider(person, phase(next)),
                pose(next), actor.object);
      // The bicycle is an object of its own; its identity lies above all others.
      return rigid(make_bicycle(car.paint), actor.object | 0x4000'0000u);
    }
    default: {
      const auto phase = [&](const Place& p) {
        return 4.2f * (p.along + p.across) + actor.step_offset;
      };
      const float moved = std::hypot(next.along - now.along, next.across - now.across);
      const float stride = std::min(1.0f, moved / 0.11f);
      scene.add(make_person(person, phase(now), stride), pose(now),
                make_person(person, phase(next), stride), pose(next), actor.object);
    }
  }
}

StreetFrame Street::render(int frame, Rasterizer& rasterizer, Size size) const {
  const float time = step_ * static_cast<float>(frame);
  const Ego own = ego(time);
  Scene scene(light_);
  const auto in_sight = [&](const Actor& actor) {
    const float sight = !plain_                     ? kAhead
                        : actor.category == kPerson ? kPlainSightOfPeople
                                                    : kPlainSight;
    const float ahead = actor.place(time).along - own.along;
    return ahead > -kBehind && ahead < sight;
  };
  put_horizon(scene, own.along + kAhead);
  put_street(scene, own.along - kBehind, own.along + kAhead);
  for (const Actor& actor : actors_)
    if (in_sight(actor)) put_actor(scene, actor, time);

  Rendering& rendering = rasterizer.draw(scene, look_->textures, look_->clouds, camera(time, size),
                                         camera(time + step_, size));
  Random effects_random = random_.fork("camera").fork(static_cast<std::uint64_t>(frame));
  CameraEffects effects;
  effects.exposure = 1.08f + 0.14f * std::sin(0.05f * time + exposure_phase_) +
                     0.05f * std::sin(0.31f * time + 2 * exposure_phase_);
  return {expose(rendering.color, rendering.flow, effects, effects_random),
          std::move(rendering.categories), std::move(rendering.objects), std::move(rendering.flow)};
}

}  // namespace tessera::synth
