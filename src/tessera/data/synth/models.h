#pragma once

#include "tessera/core/random.h"
#include "tessera/data/synth/look.h"
#include "tessera/data/synth/mesh.h"

/// The things in the street. Each stands on the ground at the origin and looks along +z.
namespace tessera::synth {

Mesh make_car(const CarModel& model);
Mesh make_truck(const CarModel& model);
Mesh make_bus(const CarModel& model);
/// `phase` is the angle of the step, `stride` from 0 (standing) to 1.
Mesh make_person(const PersonModel& model, float phase, float stride);
/// The rider alone and the two-wheeler alone, so that each is labelled for itself.
Mesh make_rider(const PersonModel& model, float phase);
Mesh make_bicycle(Tint paint);
Mesh make_motorcycle(Tint paint);

Mesh make_tree(Random random);
Mesh make_hedge(float length, Random random);
Mesh make_lamp_post();
Mesh make_traffic_light();
Mesh make_sign(int texture);
Mesh make_bin();
/// A dark patch on the ground below an object, labelled as that ground.
Mesh make_shadow(float width, float length, Category ground);

struct BuildingModel {
  float width, depth;
  int storeys;
  int facade, shop;
  Tint tint, roof;
  bool pitched;
};
/// The front lies in the plane x = 0 and looks along -x; it extends over z in [0, width].
Mesh make_building(const BuildingModel& model);

}  // namespace tessera::synth
