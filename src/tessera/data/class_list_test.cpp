#include "tessera/data/class_list.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {
namespace {

TEST(ClassList, KnowsTheDatasetsByName) {
  EXPECT_EQ(class_list("coco").size(), 80u);
  EXPECT_EQ(class_list("coco-panoptic").size(), 133u);
  EXPECT_EQ(class_list("ade20k").size(), 150u);
  for (const std::string& name : class_list_names()) EXPECT_FALSE(class_list(name).empty()) << name;
}

TEST(ClassList, RefusesUnknownNames) {
  try {
    class_list("coco-panoptc");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'coco-panoptic'"), std::string::npos);
  }
}

TEST(ClassList, ReadsAFile) {
  const std::string path = testing::TempDir() + "/classes.yaml";
  write_text_file(path, "classes: [{id: 3, name: road}, {id: 7, name: car, thing: true}]\n");
  const auto classes = class_list(path);
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[1].name, "car");
  EXPECT_TRUE(classes[1].is_thing);
}

TEST(ClassOrder, PutsThingsFirst) {
  const ClassOrder order(class_list("kitti-step"));
  EXPECT_EQ(order.things, 2);
  EXPECT_EQ(order.stuff, 17);
  EXPECT_EQ(order.model_of_dataset[11], 0);  // person
  EXPECT_EQ(order.model_of_dataset[13], 1);  // car
  EXPECT_EQ(order.model_of_dataset[0], 2);   // road
  for (std::size_t c = 0; c < order.model_of_dataset.size(); ++c)
    EXPECT_EQ(order.dataset_of_model[order.model_of_dataset[c]], static_cast<int>(c));
}

}  // namespace
}  // namespace tessera
