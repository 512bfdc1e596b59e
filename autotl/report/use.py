"""Say how to use the delivered model: lines that end in a label."""

AUTOTL = """import autotl
result = autotl.load("RUN")
print(result.predict("photo.jpg"))"""
SHELL = "autotl predict RUN photos/ --out predictions.csv"
TIMM = """import timm, torch
from PIL import Image
network = timm.create_model("local-dir:RUN/model", pretrained=True).eval()
view = timm.data.create_transform(**timm.data.resolve_data_config(model=network))
with torch.inference_mode():
    answer = network(view(Image.open("photo.jpg").convert("RGB")).unsqueeze(0)).softmax(1)[0]
print(network.pretrained_cfg["label_names"][int(answer.argmax())], float(answer.max()))"""
"""With timm alone; the model folder holds the view, the class names and the scale of the probabilities."""
