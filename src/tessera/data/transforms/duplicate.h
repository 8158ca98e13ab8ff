#pragma once

#include <functional>

#include "tessera/data/transforms/frame.h"

namespace tessera {

/// Draws a number in [0, 1).
using DrawShare = std::function<double()>;

/// STEm-Seg's InstanceDuplicator: a clip that shows one object in all gets a second one, a copy
/// that is moved aside, perhaps mirrored, and painted over pictures and labels; frames without the
/// object stay as they are. False, and nothing is drawn, when the clip shows none or several, or
/// when the object reaches from one side of the picture to the other. On 8-bit pictures.
bool duplicate_object(Clip& clip, const DrawShare& draw);

}  // namespace tessera
