#pragma once

#include "tessera/data/prepare/prepare.h"

namespace tessera {

/// Cityscapes-VPS is released without pictures and without the labels of every video's 20th frame,
/// which are Cityscapes' own: takes both from the Cityscapes downloads beside it
/// (leftImg8bit_sequence/val, gtFine/val) and puts the whole at the destination. A release whose
/// lists aren't there is left as it is.
void merge_cityscapes_vps(const PrepareOptions& options);

}  // namespace tessera
