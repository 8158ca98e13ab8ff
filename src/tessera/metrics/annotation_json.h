#pragma once

#include <vector>

#include "tessera/core/json.h"
#include "tessera/image/rle.h"
#include "tessera/metrics/ap_report.h"

/// What COCO's and YouTube-VIS's JSON files share.
namespace tessera {

/// {size: [height, width], counts: text or list} of a picture of that size.
Rle read_rle(const JsonValue& segmentation, Size picture);

/// The member `segmentation` in any of COCO's forms: polygons, run lengths as a list or as text.
Rle read_mask(const JsonValue& entry, Size picture);

/// The member `categories`: at least one, none twice.
std::vector<ApCategory> read_categories(const JsonFile& file);

}  // namespace tessera
