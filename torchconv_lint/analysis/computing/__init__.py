"""What operations on tensors and arrays give, by what the generated tables say of them.

`tensors`, `operations`, `products`, `unsigned`, `autocast`, `distributions`
"""
