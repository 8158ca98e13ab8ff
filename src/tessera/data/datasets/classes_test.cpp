#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/data/datasets/ade20k_classes.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/datasets/coco_classes.h"
#include "tessera/data/datasets/pascal_voc_classes.h"
#include "tessera/data/datasets/vipseg_classes.h"
#include "tessera/data/datasets/youtube_vis_classes.h"

namespace tessera {
namespace {

std::ptrdiff_t things(const std::vector<ClassInfo>& classes) {
  return std::count_if(classes.begin(), classes.end(),
                       [](const ClassInfo& info) { return info.is_thing; });
}

TEST(Classes, CountsAreThoseOfTheDatasets) {
  EXPECT_EQ(ade20k_classes().size(), 150U);
  EXPECT_EQ(coco_classes().size(), 133U);
  EXPECT_EQ(things(coco_classes()), 80);
  EXPECT_EQ(vipseg_classes().size(), 124U);
  EXPECT_EQ(things(vipseg_classes()), 58);
  EXPECT_EQ(things(cityscapes_classes()), 8);
  EXPECT_EQ(things(cityscapes_step_classes()), 2);
  EXPECT_EQ(youtube_vis_2019_classes().size(), 40U);
  EXPECT_EQ(youtube_vis_2021_classes().size(), 40U);
  EXPECT_EQ(pascal_voc_classes().size(), 20U);
}

TEST(Classes, CityscapesIdsMapBothWays) {
  for (int train_id = 0; train_id < kCityscapesClasses; ++train_id) {
    EXPECT_EQ(cityscapes_train_id(cityscapes_label_id(train_id)), train_id);
    EXPECT_EQ(step_train_id_of_label(step_label_of_train_id(train_id)), train_id);
  }
  EXPECT_EQ(cityscapes_train_id(29), kCityscapesVoid);
  EXPECT_EQ(step_label_of_train_id(11), 0);
  EXPECT_EQ(step_label_of_train_id(13), 1);
  EXPECT_EQ(step_label_of_train_id(12), 13);
  EXPECT_EQ(step_label_of_train_id(18), 18);
}

}  // namespace
}  // namespace tessera
