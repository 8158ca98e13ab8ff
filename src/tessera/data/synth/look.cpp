#include "tessera/data/synth/look.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tessera::synth {
namespace {

Tint grey(float value) { return {value, value, value}; }

Tint vary(Random& random, Tint color, double amount) {
  const auto change = [&](float value) {
    return std::clamp(value + static_cast<float>(random.uniform(-amount, amount)), 0.02f, 1.0f);
  };
  return {change(color.r), change(color.g), change(color.b)};
}

bool between(float value, float low, float high) { return value >= low && value < high; }

/// One storey by one window, four of each in the picture, so that neighbours differ.
Tint paint_facade(const Noise& noise, int style, float u, float v) {
  const float grain = 0.88f + 0.2f * noise(u, v, 16, 3);
  const int column = static_cast<int>(u * 4), row = static_cast<int>(v * 4);
  const float x = u * 4 - column, y = v * 4 - row;
  const float margin = 0.2f + 0.03f * (style % 3);
  const bool tall = style % 2 == 1;
  const float low = tall ? 0.14f : 0.28f, high = 0.84f;
  if (between(x, margin, 1 - margin) && between(y, low, high)) {
    const float edge = std::min({x - margin, 1 - margin - x, (y - low), (high - y)});
    if (edge < 0.045f || std::fabs(x - 0.5f) < 0.02f) return grey(style % 4 == 3 ? 0.35f : 0.92f);
    const float curtain = noise((column + 0.5f) / 4, (row + 0.5f) / 4, 8, 1);
    const float reflection = 0.12f + 0.28f * (y - low) / (high - low);
    if (curtain > 0.62f && y > 0.5f) return Tint{0.72f, 0.7f, 0.64f} * grain;
    return {reflection * 0.75f, reflection * 0.92f, reflection * 1.1f};
  }
  if (between(y, low - 0.05f, low) && between(x, margin - 0.04f, 1.04f - margin)) return grey(0.8f);
  if (style % 4 == 0) {  // bricks
    const float course = v * 48;
    const float brick = u * 24 + 0.5f * (static_cast<int>(course) % 2);
    const bool joint = course - std::floor(course) < 0.16f || brick - std::floor(brick) < 0.1f;
    return grey(joint ? 0.95f : 0.75f) * grain;
  }
  if (style % 4 == 2 && y > 0.93f) return grey(0.72f) * grain;  // a ledge under each storey
  return grey(0.95f) * grain;
}

/// A ground floor: shop windows, a door, a sign board above.
Tint paint_shop(const Noise& noise, int style, float u, float v) {
  const float grain = 0.9f + 0.15f * noise(u, v, 16, 3);
  const std::array<Tint, 4> boards = {Tint{0.7f, 0.12f, 0.1f}, Tint{0.1f, 0.3f, 0.2f},
                                      Tint{0.12f, 0.2f, 0.5f}, Tint{0.8f, 0.6f, 0.15f}};
  if (v > 0.78f && v < 0.93f) {
    const bool letter = between(v, 0.82f, 0.89f) && noise(u, 0.3f, 32, 1) > 0.5f;
    return letter ? grey(0.95f) : boards[style % 4];
  }
  if (between(u, 0.06f, 0.3f) && v < 0.7f)
    return std::fabs(u - 0.18f) < 0.01f || u < 0.08f || u > 0.28f
               ? grey(0.2f)
               : Tint{0.35f, 0.22f, 0.14f} * grain;
  if (between(u, 0.36f, 0.95f) && between(v, 0.18f, 0.72f)) {
    if (std::fabs(u - 0.65f) < 0.012f || u < 0.375f || u > 0.935f) return grey(0.3f);
    const float goods = noise(u, v, 16, 2);
    return Tint{0.2f + 0.35f * goods, 0.22f + 0.3f * goods, 0.26f + 0.22f * goods};
  }
  return grey(0.85f) * grain;
}

/// Windows of a car's side as a mask: 1 is paint, dark is glass.
Tint paint_window_frame(float u, float v) {
  const bool glass =
      between(u, 0.05f, 0.95f) && between(v, 0.08f, 0.9f) && std::fabs(u - 0.5f) > 0.03f;
  return glass ? Tint{0.09f, 0.1f, 0.12f} : grey(0.9f);
}

Tint paint_car_side(float u, float v) {
  const bool door = std::fabs(u - 0.35f) < 0.006f || std::fabs(u - 0.62f) < 0.006f;
  const bool handle =
      between(v, 0.72f, 0.78f) && (between(u, 0.37f, 0.41f) || between(u, 0.56f, 0.6f));
  if (v < 0.12f) return grey(0.25f);
  if (door) return grey(0.45f);
  return handle ? grey(0.35f) : grey(0.92f + 0.08f * v);
}

float distance_to(float u, float v, float x, float y) { return std::hypot(u - x, v - y); }

Tint paint_traffic_light(float u, float v) {
  const float y = v * 3 - std::floor(v * 3);
  const int lamp = static_cast<int>(v * 3);
  if (distance_to(u, y, 0.5f, 0.5f) > 0.34f) return grey(0.06f);
  const std::array<Tint, 3> colors = {Tint{0.1f, 0.9f, 0.45f}, Tint{0.4f, 0.25f, 0.03f},
                                      Tint{0.95f, 0.12f, 0.08f}};
  return colors[lamp] * (lamp == 1 ? 0.8f : 1.0f);
}

Tint paint_sign(int kind, float u, float v) {
  const float r = distance_to(u, v, 0.5f, 0.5f);
  switch (kind) {
    case kSignStop:
      if (between(u, 0.18f, 0.82f) && between(v, 0.42f, 0.58f)) return grey(0.98f);
      return {0.85f, 0.07f, 0.08f};
    case kSignWarning: {
      const float inner = std::min({v - 0.14f, 0.93f - v - 1.75f * std::fabs(u - 0.5f), 1.0f});
      if (inner < 0.08f) return {0.88f, 0.08f, 0.08f};
      return between(v, 0.25f, 0.6f) && std::fabs(u - 0.5f) < 0.05f ? grey(0.05f)
                                                                    : Tint{0.98f, 0.92f, 0.6f};
    }
    case kSignParking:
      if (std::fabs(u - 0.42f) < 0.05f && between(v, 0.2f, 0.8f)) return grey(1);
      if (between(distance_to(u, v, 0.47f, 0.64f), 0.09f, 0.18f) && u > 0.42f) return grey(1);
      return {0.08f, 0.25f, 0.75f};
    default:
      if (r > 0.36f) return {0.88f, 0.08f, 0.08f};
      if (between(v, 0.35f, 0.65f) && std::fabs(std::fabs(u - 0.5f) - 0.12f) < 0.06f)
        return grey(0.05f);
      return grey(0.98f);
  }
}

std::vector<Texture> paint_textures(const Noise& noise) {
  std::vector<Texture> textures;
  textures.emplace_back(0, [](float, float) { return grey(1); });
  textures.emplace_back(8, [&](float u, float v) {
    const float patch = noise(u, v, 4, 3), grain = noise(u, v, 64, 2);
    const bool crack = std::fabs(noise(u, v, 4, 4) - 0.5f) < 0.008f;
    const float value = 0.34f + 0.1f * patch + 0.12f * (grain - 0.5f);
    return crack ? grey(0.22f) : Tint{value, value, value * 1.03f};
  });
  textures.emplace_back(8, [&](float u, float v) {
    const float x = u * 4 - std::floor(u * 4), y = v * 4 - std::floor(v * 4);
    const float slab = noise((std::floor(u * 4) + 0.5f) / 4, (std::floor(v * 4) + 0.5f) / 4, 16, 1);
    const bool joint = x < 0.05f || y < 0.05f;
    const float value = (joint ? 0.38f : 0.58f + 0.12f * slab) + 0.1f * (noise(u, v, 32, 2) - 0.5f);
    return Tint{value * 1.03f, value, value * 0.94f};
  });
  textures.emplace_back(8, [&](float u, float v) {
    const float tuft = noise(u, v, 32, 2), patch = noise(u, v, 4, 3);
    const Tint green{0.28f, 0.46f, 0.14f}, dry{0.55f, 0.52f, 0.25f};
    const float share = std::clamp(patch * 1.6f - 0.6f, 0.0f, 1.0f);
    const float value = 0.65f + 0.7f * tuft;
    return Tint{(green.r + (dry.r - green.r) * share) * value,
                (green.g + (dry.g - green.g) * share) * value,
                (green.b + (dry.b - green.b) * share) * value};
  });
  textures.emplace_back(8, [&](float u, float v) {
    const float leaf = noise(u, v, 16, 3), hole = noise(v, u, 32, 2);
    const float value = (0.35f + 0.95f * leaf) * (hole < 0.38f ? 0.45f : 1.0f);
    return Tint{0.62f * value, 0.92f * value, 0.38f * value};
  });
  textures.emplace_back(7, [&](float u, float v) {
    const float value = 0.5f + 0.6f * (noise(u, v * 0.25f, 32, 2) - 0.5f);
    return Tint{value, value * 0.85f, value * 0.68f};
  });
  textures.emplace_back(7, [&](float u, float v) {
    const float y = v * 16 - std::floor(v * 16);
    const float value = (y < 0.2f ? 0.55f : 0.85f + 0.15f * y) * (0.8f + 0.4f * noise(u, v, 16, 2));
    return grey(value);
  });
  textures.emplace_back(7, [&](float u, float v) {
    const float x = u * 6 - std::floor(u * 6);
    const bool gap = x < 0.14f;
    const bool rail = between(v, 0.2f, 0.28f) || between(v, 0.72f, 0.8f);
    return grey((gap && !rail ? 0.3f : 0.9f) * (0.8f + 0.3f * noise(u, v, 16, 2)));
  });
  textures.emplace_back(7, [&](float u, float v) {
    const float course = v * 6;
    const float stone = u * 4 + 0.5f * (static_cast<int>(course) % 2);
    const bool joint = course - std::floor(course) < 0.1f || stone - std::floor(stone) < 0.07f;
    return grey((joint ? 0.5f : 0.85f) * (0.7f + 0.5f * noise(u, v, 16, 3)));
  });
  textures.emplace_back(6, paint_window_frame);
  textures.emplace_back(7, paint_car_side);
  textures.emplace_back(6, paint_traffic_light);
  for (const int kind : {kSignStop, kSignWarning, kSignParking, kSignLimit})
    textures.emplace_back(6, [kind](float u, float v) { return paint_sign(kind, u, v); });
  textures.emplace_back(6, [](float u, float v) {
    return grey(0.32f + 0.5f * std::clamp((distance_to(u, v, 0.5f, 0.5f) - 0.25f) * 4, 0.0f, 1.0f));
  });
  for (int style = 0; style < kFacades; ++style)
    textures.emplace_back(8, [&](float u, float v) { return paint_facade(noise, style, u, v); });
  for (int style = 0; style < kShops; ++style)
    textures.emplace_back(7, [&](float u, float v) { return paint_shop(noise, style, u, v); });
  return textures;
}

CarModel draw_car_model(Random& random) {
  static constexpr std::array<Tint, 9> kPaints = {
      Tint{0.85f, 0.86f, 0.87f}, Tint{0.1f, 0.1f, 0.12f},  Tint{0.5f, 0.52f, 0.55f},
      Tint{0.62f, 0.08f, 0.08f}, Tint{0.1f, 0.2f, 0.5f},   Tint{0.75f, 0.73f, 0.65f},
      Tint{0.1f, 0.34f, 0.22f},  Tint{0.85f, 0.55f, 0.1f}, Tint{0.3f, 0.55f, 0.75f}};
  CarModel model;
  model.length = static_cast<float>(random.uniform(3.7, 4.8));
  model.width = static_cast<float>(random.uniform(1.68, 1.86));
  const int form = static_cast<int>(random.uniform_int(0, 2));  // hatchback, saloon, tall
  model.height =
      static_cast<float>(form == 2 ? random.uniform(1.62, 1.85) : random.uniform(1.4, 1.52));
  model.hood = static_cast<float>(random.uniform(0.22, 0.3));
  model.trunk =
      static_cast<float>(form == 1 ? random.uniform(0.14, 0.2) : random.uniform(0.03, 0.06));
  model.paint = vary(random, kPaints[random.uniform_int(0, kPaints.size() - 1)], 0.06);
  return model;
}

PersonModel draw_person_model(Random& random) {
  static constexpr std::array<Tint, 4> kSkins = {Tint{0.92f, 0.72f, 0.6f}, Tint{0.8f, 0.58f, 0.44f},
                                                 Tint{0.55f, 0.36f, 0.25f},
                                                 Tint{0.34f, 0.22f, 0.16f}};
  static constexpr std::array<Tint, 8> kCloth = {
      Tint{0.75f, 0.12f, 0.12f}, Tint{0.15f, 0.25f, 0.6f}, Tint{0.85f, 0.82f, 0.75f},
      Tint{0.12f, 0.12f, 0.14f}, Tint{0.2f, 0.45f, 0.28f}, Tint{0.85f, 0.65f, 0.15f},
      Tint{0.5f, 0.25f, 0.5f},   Tint{0.45f, 0.47f, 0.5f}};
  static constexpr std::array<Tint, 4> kLegs = {Tint{0.12f, 0.16f, 0.3f}, Tint{0.1f, 0.1f, 0.11f},
                                                Tint{0.5f, 0.42f, 0.3f}, Tint{0.3f, 0.32f, 0.36f}};
  PersonModel model;
  model.height = static_cast<float>(random.uniform(1.55, 1.9));
  model.girth = static_cast<float>(random.uniform(0.9, 1.2));
  model.skin = kSkins[random.uniform_int(0, 3)];
  model.hair = vary(random, Tint{0.2f, 0.14f, 0.09f}, 0.12);
  model.top = vary(random, kCloth[random.uniform_int(0, 7)], 0.08);
  model.trousers = vary(random, kLegs[random.uniform_int(0, 3)], 0.06);
  model.shoes = vary(random, Tint{0.15f, 0.13f, 0.12f}, 0.1);
  model.skirt = random.coin(0.25);
  model.bag = random.coin(0.35);
  return model;
}

}  // namespace

Look::Look(Random random)
    : textures(paint_textures(Noise(random.fork("textures")))),
      clouds(9, [noise = Noise(random.fork("clouds"))](float u, float v) {
        return grey(noise(u, v, 4, 6));
      }) {
  Random cars_random = random.fork("cars");
  for (int i = 0; i < 9; ++i) cars.push_back(draw_car_model(cars_random));
  Random people_random = random.fork("people");
  for (int i = 0; i < 12; ++i) people.push_back(draw_person_model(people_random));
  static constexpr std::array<Tint, 6> kWalls = {
      Tint{0.66f, 0.36f, 0.27f}, Tint{0.88f, 0.8f, 0.62f},  Tint{0.75f, 0.74f, 0.72f},
      Tint{0.85f, 0.7f, 0.6f},   Tint{0.62f, 0.66f, 0.72f}, Tint{0.9f, 0.88f, 0.82f}};
  Random walls_random = random.fork("walls");
  for (int i = 0; i < 12; ++i)
    facade_tints.push_back(vary(walls_random, kWalls[i % kWalls.size()], 0.1));
}

}  // namespace tessera::synth
